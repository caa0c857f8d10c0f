//! What only this TLS connection has, so that a login can be bound to it (RFC 5056).

use super::CertificateDer;
use der::{
    AnyRef, Decode, Reader, SliceReader, TagNumber, asn1::BitStringRef, asn1::ContextSpecific,
    asn1::ObjectIdentifier,
};
use rustls::{ConnectionCommon, ProtocolVersion};
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};
use spki::AlgorithmIdentifierRef;

/// What both ends of a TLS connection know of it, and nobody who sits in between can have the same on
/// both sides. Neither is secret (RFC 9266 7, RFC 5929 4.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bindings {
    /// `tls-exporter`, RFC 9266: different for each connection. With TLS 1.3 only: 1.2 has it where both
    /// ends have used extended master secrets, which rustls does not tell.
    pub exporter: Option<[u8; 32]>,
    /// `tls-server-end-point`, RFC 5929 4: the same for each connection to the same server's
    /// certificate. See [`server_end_point`].
    pub server_end_point: Option<Vec<u8>>,
}

impl Bindings {
    /// Those of a connection once its handshake is done. `certificate` is the server's: for a client the
    /// first of the peer's, for a server the one that it has shown.
    ///
    /// [`Stream::bindings`](crate::Stream::bindings) does this for streams that this crate has made.
    pub fn new<Side>(
        connection: &ConnectionCommon<Side>,
        certificate: Option<&CertificateDer<'_>>,
    ) -> Self {
        let exporter = (connection.protocol_version() == Some(ProtocolVersion::TLSv1_3))
            // RFC 9266 2: the label, and a context of no octets
            .then(|| connection.export_keying_material([0; 32], LABEL, Some(b"")).ok());
        let server_end_point = certificate.and_then(server_end_point);
        Self { exporter: exporter.flatten(), server_end_point }
    }
}

const LABEL: &[u8] = b"EXPORTER-Channel-Binding";

/// The hash of a server's certificate by the hash function of its signature, by SHA-256 where that is MD5
/// or SHA-1 (RFC 5929 4.1).
///
/// `None` if the RFC defines none, as for Ed25519, whose signatures use no hash function of their own
/// accord; if the algorithm is unknown; or if this is no certificate. Nothing in it is verified.
pub fn server_end_point(certificate: &CertificateDer<'_>) -> Option<Vec<u8>> {
    let algorithm = signature_algorithm(certificate).ok()?;
    let hash = match algorithm.oid {
        RSA_PSS => pss_hash(algorithm.parameters)?,
        oid => SIGNATURES.iter().find(|(known, _)| *known == oid)?.1,
    };
    Some(match hash {
        Hash::Old | Hash::Sha256 => Sha256::digest(certificate).to_vec(),
        Hash::Sha224 => Sha224::digest(certificate).to_vec(),
        Hash::Sha384 => Sha384::digest(certificate).to_vec(),
        Hash::Sha512 => Sha512::digest(certificate).to_vec(),
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hash {
    /// MD5 or SHA-1.
    Old,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

/// RFC 8017 A.2.3: `id-RSASSA-PSS`
const RSA_PSS: ObjectIdentifier = oid("1.2.840.113549.1.1.10");

/// RFC 3279 2.2, RFC 4055 5, RFC 5758 3
const SIGNATURES: &[(ObjectIdentifier, Hash)] = &[
    (oid("1.2.840.113549.1.1.4"), Hash::Old), // md5WithRSAEncryption
    (oid("1.2.840.113549.1.1.5"), Hash::Old), // sha1WithRSAEncryption
    (oid("1.2.840.113549.1.1.14"), Hash::Sha224), // sha224WithRSAEncryption
    (oid("1.2.840.113549.1.1.11"), Hash::Sha256), // sha256WithRSAEncryption
    (oid("1.2.840.113549.1.1.12"), Hash::Sha384), // sha384WithRSAEncryption
    (oid("1.2.840.113549.1.1.13"), Hash::Sha512), // sha512WithRSAEncryption
    (oid("1.2.840.10045.4.1"), Hash::Old),    // ecdsa-with-SHA1
    (oid("1.2.840.10045.4.3.1"), Hash::Sha224), // ecdsa-with-SHA224
    (oid("1.2.840.10045.4.3.2"), Hash::Sha256), // ecdsa-with-SHA256
    (oid("1.2.840.10045.4.3.3"), Hash::Sha384), // ecdsa-with-SHA384
    (oid("1.2.840.10045.4.3.4"), Hash::Sha512), // ecdsa-with-SHA512
    (oid("1.2.840.10040.4.3"), Hash::Old),    // id-dsa-with-sha1
    (oid("2.16.840.1.101.3.4.3.1"), Hash::Sha224), // id-dsa-with-sha224
    (oid("2.16.840.1.101.3.4.3.2"), Hash::Sha256), // id-dsa-with-sha256
];

/// RFC 4055 2.1, for the parameters of RSASSA-PSS
const HASHES: &[(ObjectIdentifier, Hash)] = &[
    (SHA1, Hash::Old),
    (oid("2.16.840.1.101.3.4.2.4"), Hash::Sha224),
    (oid("2.16.840.1.101.3.4.2.1"), Hash::Sha256),
    (oid("2.16.840.1.101.3.4.2.2"), Hash::Sha384),
    (oid("2.16.840.1.101.3.4.2.3"), Hash::Sha512),
];

const SHA1: ObjectIdentifier = oid("1.3.14.3.2.26");

/// RFC 5280 4.1: `Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }`
fn signature_algorithm<'a>(
    certificate: &'a CertificateDer<'_>,
) -> der::Result<AlgorithmIdentifierRef<'a>> {
    let mut reader = SliceReader::new(certificate)?;
    let algorithm = reader.sequence(|reader| {
        AnyRef::decode(reader)?;
        let algorithm = AlgorithmIdentifierRef::decode(reader)?;
        BitStringRef::decode(reader)?;
        Ok::<_, der::Error>(algorithm)
    })?;
    reader.finish()?;
    Ok(algorithm)
}

/// RFC 4055 3.1: `hashAlgorithm [0] DEFAULT sha1, maskGenAlgorithm [1] DEFAULT mgf1SHA1`. Where the two
/// hash functions are not the same there are several, and no binding.
fn pss_hash(parameters: Option<AnyRef<'_>>) -> Option<Hash> {
    let read = || {
        parameters.unwrap_or(AnyRef::NULL).sequence(|reader| {
            type Tagged<'a> = Option<ContextSpecific<AlgorithmIdentifierRef<'a>>>;
            let hash: Tagged<'_> = ContextSpecific::decode_explicit(reader, TagNumber(0))?;
            let mask: Tagged<'_> = ContextSpecific::decode_explicit(reader, TagNumber(1))?;
            // The rest, the length of the salt and a constant, does not matter.
            while !reader.is_finished() {
                AnyRef::decode(reader)?;
            }
            let mask = match mask.map(|mask| mask.value.parameters) {
                Some(Some(hash)) => Some(hash.decode_as::<AlgorithmIdentifierRef<'_>>()?.oid),
                Some(None) | None => None,
            };
            let hash = hash.map_or(SHA1, |hash| hash.value.oid);
            Ok::<_, der::Error>((hash, mask.unwrap_or(SHA1)))
        })
    };
    let (hash, mask) = read().ok()?;
    HASHES.iter().find(|(known, _)| *known == hash && hash == mask).map(|(_, hash)| *hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A certificate of which nothing is right but its shape.
    fn certificate(algorithm: &[u8]) -> CertificateDer<'static> {
        let parts = [&[0x30, 0x00][..], algorithm, &[0x03, 0x02, 0x00, 0xff]].concat();
        wrap(0x30, &parts).into()
    }

    fn wrap(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).expect("short");
        assert!(length < 0x80);
        [&[tag, length], content].concat()
    }

    fn algorithm(text: &str, parameters: &[u8]) -> Vec<u8> {
        let oid = wrap(0x06, oid(text).as_bytes());
        wrap(0x30, &[&oid, parameters].concat())
    }

    fn pss(hash: Option<&str>, mask: Option<&str>) -> Vec<u8> {
        let hash = hash.map(|hash| wrap(0xa0, &algorithm(hash, &[0x05, 0x00])));
        let mask = mask.map(|mask| {
            wrap(0xa1, &algorithm("1.2.840.113549.1.1.8", &algorithm(mask, &[0x05, 0x00])))
        });
        let salt = [0xa2, 0x03, 0x02, 0x01, 0x20];
        let all = [hash.unwrap_or_default(), mask.unwrap_or_default(), salt.to_vec()].concat();
        algorithm("1.2.840.113549.1.1.10", &wrap(0x30, &all))
    }

    #[test]
    fn rfc5929_4_1_the_hash_is_that_of_the_signature() {
        let sha256 = "2.16.840.1.101.3.4.2.1";
        let sha512 = "2.16.840.1.101.3.4.2.3";
        let null = [0x05, 0x00];
        for (signature, octets) in [
            (algorithm("1.2.840.113549.1.1.4", &null), Some(32)), // MD5
            (algorithm("1.2.840.113549.1.1.5", &null), Some(32)), // SHA-1
            (algorithm("1.2.840.113549.1.1.14", &null), Some(28)),
            (algorithm("1.2.840.113549.1.1.11", &null), Some(32)),
            (algorithm("1.2.840.113549.1.1.12", &null), Some(48)),
            (algorithm("1.2.840.113549.1.1.13", &null), Some(64)),
            (algorithm("1.2.840.10045.4.1", &[]), Some(32)),
            (algorithm("1.2.840.10045.4.3.1", &[]), Some(28)),
            (algorithm("1.2.840.10045.4.3.2", &[]), Some(32)),
            (algorithm("1.2.840.10045.4.3.3", &[]), Some(48)),
            (algorithm("1.2.840.10045.4.3.4", &[]), Some(64)),
            (pss(Some(sha256), Some(sha256)), Some(32)),
            (pss(Some(sha512), Some(sha512)), Some(64)),
            (pss(None, None), Some(32)), // SHA-1 by default
            (pss(Some(sha256), None), None),
            (pss(None, Some(sha256)), None),
            (pss(Some(sha256), Some(sha512)), None),
            (pss(Some("1.2.3"), Some("1.2.3")), None),
            (algorithm("1.2.840.113549.1.1.10", &[]), None),
            (algorithm("1.3.101.112", &[]), None), // Ed25519
            (algorithm("1.3.101.113", &[]), None), // Ed448
            (algorithm("1.2.840.113549.1.1.2", &null), None), // MD2
        ] {
            let certificate = certificate(&signature);
            let hash = server_end_point(&certificate);
            let want = octets.map(|octets| match octets {
                28 => Sha224::digest(&certificate).to_vec(),
                32 => Sha256::digest(&certificate).to_vec(),
                48 => Sha384::digest(&certificate).to_vec(),
                _ => Sha512::digest(&certificate).to_vec(),
            });
            assert_eq!(hash, want, "{signature:02x?}");
        }
    }

    #[test]
    fn what_is_no_certificate_has_no_end_point() {
        let good = certificate(&algorithm("1.2.840.10045.4.3.2", &[]));
        assert!(server_end_point(&good).is_some());
        for n in 0..good.len() {
            assert_eq!(server_end_point(&good[..n].to_vec().into()), None, "cut at {n}");
        }
        assert_eq!(server_end_point(&[&good, &[0][..]].concat().into()), None);
    }
}
