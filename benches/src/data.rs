//! The inputs: generated, the same every time.

/// Octets of a read from a socket.
pub const READ: usize = 8 * 1024;

/// A message body with CRLF: lines of 0 to 76 characters, one in fifty of them with a dot in front.
pub fn body(octets: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(octets + 80);
    let mut state = 1;
    while text.len() < octets {
        let n = random(&mut state) as usize;
        if n.is_multiple_of(50) {
            text.push(b'.');
        }
        text.extend((0..n % 76).map(|i| b'a' + ((n + i) % 26) as u8));
        text.extend_from_slice(b"\r\n");
    }
    text
}

/// What a body looks like on the wire, with its end.
pub fn stuffed(body: &[u8]) -> Vec<u8> {
    let mut wire = Vec::with_capacity(body.len() + body.len() / 50);
    for line in body.split_inclusive(|octet| *octet == b'\n') {
        if line.starts_with(b".") {
            wire.push(b'.');
        }
        wire.extend_from_slice(line);
    }
    wire.extend_from_slice(b".\r\n");
    wire
}

/// Knuth's linear congruential generator.
fn random(state: &mut u64) -> u32 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as u32
}
