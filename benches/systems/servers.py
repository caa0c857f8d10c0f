"""The servers: ours, Postfix, Dovecot and OpenSMTPD, each in a folder of its own on the same disk, on the loopback.

All take mail for bea1@b.com to bea20@b.com and put it into `mail/beaN/Maildir` below their folder, or pass it on to the
port `relay`. None of them asks the DNS or starts TLS; all write their log into a file; ours and Dovecot check passwords
against the same SCRAM-SHA-256 keys.
"""

import atexit
import base64
import functools
import hashlib
import hmac
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TARGET = os.path.join(os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target")), "release")
PATIENCE = 300  # seconds for anything; OpenSMTPD takes one for each connection
MAIL = 5000  # the user that owns the mail
USERS = {f"bea{n}@b.com": f"bea{n}" for n in range(1, 21)}
PASSWORD = "looking-glass"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what, done):
    """Waits until something is so; nobody tells when."""
    end = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > end:
            sys.exit(f"waited {PATIENCE} s in vain for {what}")
        time.sleep(0.01)


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, timeout=PATIENCE, **options)
    if done.returncode != 0:
        sys.exit(f"{command[0]} failed ({done.returncode}):\n{done.stdout.decode()}\n{done.stderr.decode()}")
    return done.stdout.decode()


def keys():
    """The iterations, the salt, the stored key and the server key of every user. RFC 5802 3"""
    iterations, salt = 4096, bytes(range(16))
    salted = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), salt, iterations)
    client, server = (hmac.digest(salted, name, "sha256") for name in (b"Client Key", b"Server Key"))
    stored = hashlib.sha256(client).digest()
    return iterations, *(base64.b64encode(one).decode() for one in (salt, stored, server))


class Server:
    """A server and its folder. `relay` is where it sends the mail that it does not keep."""

    name = ""
    queue = ()  # the folders of its queue

    def __init__(self, folder, relay=None):
        self.folder, self.relay = folder, relay
        self.ports = {name: free_port() for name in ("smtp", "lmtp", "imap", "pop3")}
        os.makedirs(self.at("mail"))
        os.chmod(folder, 0o755)
        os.chown(self.at("mail"), MAIL, MAIL)
        self.start()

    def at(self, *parts):
        return os.path.join(self.folder, *parts)

    def maildir(self, name):
        return self.at("mail", name, "Maildir")

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.at(name)), exist_ok=True)
        with open(self.at(name), "w") as file:
            file.write(text)
        return self.at(name)

    def start(self):
        """Starts it, and waits until it listens."""

    def stop(self):
        """Stops it, and waits until it is gone."""

    def roots(self):
        """The first process of each tree that it is."""

    def is_idle(self):
        """Whether nothing is in the queue."""
        return not any(files for folder in self.queue for _, _, files in os.walk(self.at(folder)))


class Ours(Server):
    """`mta`, `mda` and `maa`, those that a case needs."""

    name = "ours"
    queue = ("spool",)
    agents = ()
    durability = "full"

    def start(self):
        self.children = []
        mailboxes = "".join(f'"{user}" = "{self.maildir(name)}"\n' for user, name in USERS.items())
        for agent in self.agents:
            config = self.write(f"{agent}.toml", getattr(self, agent)(mailboxes))
            with open(self.at(f"{agent}.log"), "w") as log:
                user = {} if agent == "mta" else {"user": MAIL, "group": MAIL}
                program = shutil.copy(os.path.join(TARGET, agent), self.folder)
                child = subprocess.Popen([program, "--config", config], stderr=log, **user)
            self.children.append(child)
        services = {"mta": ["smtp"], "mda": ["lmtp"], "maa": ["imap", "pop3"]}
        for service in (service for agent in self.agents for service in services[agent]):
            wait_for(service, lambda: listens(self.ports[service]))

    def stop(self):
        for child in self.children:
            child.terminate()
            child.wait(timeout=PATIENCE)

    def roots(self):
        return [child.pid for child in self.children]

    def mta(self, _):
        if self.relay:
            networks, routes, deliver = '["127.0.0.0/8"]', f'{{ "b.com" = "127.0.0.1:{self.relay}" }}', ""
        else:
            networks, routes, deliver = "[]", "{}", f'deliver = "127.0.0.1:{self.ports["lmtp"]}"'
        return f"""hostname = "mx1.b.com"
spool = "{self.at("spool")}"
durability = "{self.durability}"
domains = ["b.com"]
{deliver}
[listen]
mx = ["127.0.0.1:{self.ports["smtp"]}"]
[dns]
servers = ["127.0.0.1:9"]
[relay]
reach = "any"
networks = {networks}
routes = {routes}
"""

    def mda(self, mailboxes):
        return f"""hostname = "mda.b.com"
listen = ["127.0.0.1:{self.ports["lmtp"]}"]
durability = "{self.durability}"
[mailboxes]
{mailboxes}"""

    def maa(self, mailboxes):
        iterations, salt, stored, server = keys()
        users = self.write("users", "".join(f"{user}:SCRAM-SHA-256${iterations}:{salt}${stored}:{server}\n" for user in USERS))
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
            "-addext", "basicConstraints=critical,CA:FALSE", "-keyout", self.at("key.pem"), "-out", self.at("cert.pem"))
        os.chmod(self.at("key.pem"), 0o644)
        return f"""hostname = "mail.b.com"
users = "{users}"
plain_text_without_tls = true
[listen]
pop3 = ["127.0.0.1:{self.ports["pop3"]}"]
imap = ["127.0.0.1:{self.ports["imap"]}"]
[tls]
certificate = "{self.at("cert.pem")}"
key = "{self.at("key.pem")}"
[mailboxes]
{mailboxes}"""


class Relay(Ours):
    agents = ("mta",)


class RelayAndDelivery(Ours):
    agents = ("mta", "mda")


class RelayAndDeliveryOfFiles(RelayAndDelivery):
    """As Postfix does it: files are synced, and their names are left to the file system."""

    durability = "files"


class Delivery(Ours):
    agents = ("mda",)


class Access(Ours):
    agents = ("mda", "maa")


class Postfix(Server):
    """As Debian has it: the virtual delivery agent puts mail into Maildirs."""

    name = "Postfix"
    queue = ("spool/incoming", "spool/active", "spool/deferred")

    def start(self):
        for folder in ("etc", "spool", "data"):
            os.makedirs(self.at(folder))
        shutil.chown(self.at("data"), "postfix")
        boxes = self.write("etc/boxes", "".join(f"{user} {name}/Maildir/\n" for user, name in USERS.items()))
        if self.relay:
            way = f"""relay_domains = b.com
transport_maps = inline:{{ {{b.com = smtp:[127.0.0.1]:{self.relay}}} }}"""
        else:
            way = f"""virtual_mailbox_domains = b.com
virtual_mailbox_base = {self.at("mail")}
virtual_mailbox_maps = texthash:{boxes}
virtual_uid_maps = static:{MAIL}
virtual_gid_maps = static:{MAIL}"""
        self.write("etc/main.cf", f"""compatibility_level = 3.6
queue_directory = {self.at("spool")}
data_directory = {self.at("data")}
maillog_file = {self.at("log")}
maillog_file_prefixes = /
myhostname = mx1.b.com
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
local_recipient_maps =
disable_dns_lookups = yes
{way}
""")
        services = """pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
virtual unix - n n - - virtual
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
        self.write("etc/master.cf", f'127.0.0.1:{self.ports["smtp"]} inet n - n - - smtpd\n{services}')
        run("postfix", "-c", self.at("etc"), "start")
        wait_for("Postfix", lambda: listens(self.ports["smtp"]))

    def stop(self):
        run("postfix", "-c", self.at("etc"), "stop")

    def roots(self):
        with open(self.at("spool", "pid", "master.pid")) as file:
            return [int(file.read())]


class Dovecot(Server):
    """As it comes: a process for each login and each session."""

    name = "Dovecot"
    services = {"imap-login": "", "pop3-login": "", "imap": "", "pop3": "", "lmtp": ""}

    def start(self):
        iterations, salt, stored, server = keys()
        secret = f"{{SCRAM-SHA-256}}{iterations},{salt},{stored},{server}"
        users = self.write("users", "".join(f"{user}:{secret}:{MAIL}:{MAIL}::{self.at('mail', name)}::\n" for user, name in USERS.items()))
        ports = {"imap-login": ("imap", "imap"), "pop3-login": ("pop3", "pop3"), "lmtp": ("lmtp", "lmtp")}
        services = ""
        for service, settings in self.services.items():
            listener, port = ports.get(service, (None, None))
            listen = f"inet_listener {listener} {{\n address = 127.0.0.1\n port = {self.ports[port]}\n}}" if listener else ""
            services += f"service {service} {{\n{settings}\n{listen}\n}}\n"
        for folder in ("run", "state"):
            os.makedirs(self.at(folder))
        self.write("dovecot.conf", f"""base_dir = {self.at("run")}
state_dir = {self.at("state")}
log_path = {self.at("log")}
protocols = imap pop3 lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain
mail_location = maildir:~/Maildir
mail_max_userip_connections = 0
default_client_limit = 20000
default_process_limit = 6000
first_valid_uid = 100
first_valid_gid = 100
passdb {{
  driver = passwd-file
  args = username_format=%u {users}
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {users}
}}
service anvil {{
  client_limit = 20000
}}
service auth {{
  client_limit = 20000
}}
{services}""")
        # It goes into the background and keeps what it was given open: no pipes.
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run(["/usr/sbin/dovecot", "-c", self.at("dovecot.conf")], check=True, timeout=PATIENCE, **quiet)
        for service in ("imap", "pop3", "lmtp"):
            wait_for(f"Dovecot's {service}", lambda: listens(self.ports[service]))

    def stop(self):
        run("doveadm", "-c", self.at("dovecot.conf"), "stop")

    def roots(self):
        with open(self.at("run", "master.pid")) as file:
            return [int(file.read())]


class TunedDovecot(Dovecot):
    """As its manual advises for speed: processes serve many logins and many sessions in turn."""

    name = "Dovecot, tuned"
    LOGIN = "service_count = 0\nprocess_min_avail = 2\nclient_limit = 4000"
    SESSION = "service_count = 1000\nprocess_limit = 6000"
    services = {"imap-login": LOGIN, "pop3-login": LOGIN, "imap": SESSION, "pop3": SESSION, "lmtp": "service_count = 1000"}


@functools.cache
def opensmtpd():
    """Where the package is unpacked, until this program ends."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    run("sh", "-c", "apt-get download -q opensmtpd && dpkg -x opensmtpd_*.deb .", cwd=folder.name)
    os.chmod(folder.name, 0o755)
    return folder.name


class OpenSmtpd(Server):
    """Debian's package excludes Postfix's, so it is unpacked and not installed. The paths that are compiled in, and its users,
    are put in place in a mount namespace of its own; nothing is left of that."""

    name = "OpenSMTPD"
    queue = ("var/spool/smtpd/incoming", "var/spool/smtpd/queue")

    def start(self):
        package = opensmtpd()
        for folder in ("var/lib/opensmtpd/empty", "var/spool/smtpd", "run"):
            os.makedirs(self.at(folder))
        for folder in ("var/lib/opensmtpd/empty", "var/spool/smtpd"):
            os.chmod(self.at(folder), 0o711)
        with open("/etc/passwd") as passwd, open("/etc/group") as group:
            self.write("passwd", f"""{passwd.read()}opensmtpd:x:5001:5001::/var/lib/opensmtpd/empty:/usr/sbin/nologin
opensmtpq:x:5002:5002::/nonexistent:/usr/sbin/nologin
bea:x:{MAIL}:{MAIL}::{self.at("mail")}:/bin/sh
""")
            self.write("group", f"{group.read()}opensmtpd:x:5001:\nopensmtpq:x:5002:\nbea:x:{MAIL}:\n")
        # It asks for the client's name: the DNS is left out.
        self.write("resolv.conf", "lookup file\n")
        users = ", ".join(f'{name} = "{MAIL}:{MAIL}:{self.at("mail", name)}"' for name in USERS.values())
        boxes = ", ".join(f'"{user}" = "{name}"' for user, name in USERS.items())
        action = f'relay host "smtp://127.0.0.1:{self.relay}"' if self.relay else (
            f'maildir "{self.at("mail")}/%{{user.username}}/Maildir" userbase <users> virtual <boxes>')
        config = self.write("smtpd.conf", f"""table users {{ {users} }}
table boxes {{ {boxes} }}
smtp max-message-size 150M
smtp limit max-mails 1000000
smtp limit max-rcpt 1000000
listen on 127.0.0.1 port {self.ports["smtp"]} hostname mx1.b.com
action deliver {action}
match from any for domain "b.com" action deliver
""")
        places = {"var/lib": "/var/lib", "var/spool": "/var/spool", "run": "/run", "passwd": "/etc/passwd",
                  "group": "/etc/group", "resolv.conf": "/etc/resolv.conf"}
        mounts = "".join(f"mount --bind {self.at(ours)} {place} && " for ours, place in places.items())
        with open(self.at("log"), "w") as log:
            command = f"{mounts}mount --bind {package}/usr/libexec /usr/libexec && exec {package}/usr/sbin/smtpd -F -f {config}"
            self.child = subprocess.Popen(["unshare", "--mount", "sh", "-c", command], stdout=log, stderr=log)
        wait_for("OpenSMTPD", lambda: listens(self.ports["smtp"]))

    def stop(self):
        self.child.terminate()
        self.child.wait(timeout=PATIENCE)

    def roots(self):
        return [self.child.pid]
