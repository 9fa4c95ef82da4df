"""A Postfix of a test's own, in a folder of its own: what becomes of a mail depends on its domain."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

DAEMONS = "/usr/lib/postfix/sbin"
MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
daemon_directory = {daemons}
mail_owner = postfix
setgid_group = postdrop
maillog_file_prefixes = {folder}
maillog_file = {folder}/log/mail.log
myhostname = mx.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
local_recipient_maps =
recipient_delimiter = +
smtpd_peername_lookup = no
smtpd_recipient_restrictions = permit_mynetworks, reject
virtual_mailbox_domains = good.test, bounces.test
virtual_mailbox_maps = texthash:{folder}/etc/mailboxes
virtual_mailbox_base = {folder}/mail
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{uid}
transport_maps = texthash:{folder}/etc/transport
smtpd_tls_security_level = may
smtpd_tls_chain_files = {folder}/etc/tls.pem
"""
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
127.0.0.1:{far} inet n - n - - smtpd
    -o {{ smtpd_recipient_restrictions = check_recipient_access texthash:{folder}/etc/access, reject }}
    -o smtpd_delay_reject=yes
pickup unix n - n 60 1 pickup
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
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
smtp unix - - n - - smtp
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""
ACCESS = "late.test 550 5.1.1 no such user\npolicy.test 554 5.7.1 not from you\n"
MAILBOXES = "@good.test good/\nbounces@bounces.test bounces/\n"
TRANSPORT = (
    "discard.test discard:\nlate.test smtp:[127.0.0.1]:{far}\npolicy.test smtp:[127.0.0.1]:{far}\n"
    "slow.test smtp:[127.0.0.1]:{nobody}\n"
)


@dataclass(frozen=True)
class Postfix:
    """A running server."""

    port: int
    folder: Path

    @property
    def bounces(self) -> Path:
        """The Maildir of `bounces@bounces.test`."""
        return self.folder / "mail" / "bounces"

    @property
    def certificate(self) -> Path:
        return self.folder / "etc" / "ca.pem"

    def log(self) -> str:
        return (self.folder / "log" / "mail.log").read_text()

    def wait_for(self, told: int, seconds: float = 30) -> None:
        """Until it wrote down what became of so many mails."""
        deadline = time.monotonic() + seconds
        while self.log().count(", status=") < told:
            assert time.monotonic() < deadline, self.log()[-3_000:]
            time.sleep(0.1)


@contextmanager
def postfix(folder: Path) -> Iterator[Postfix]:
    """Needs root, for Postfix drops its rights itself."""
    port, far, nobody = _free_ports(3)
    for name in ("etc", "queue", "data", "mail", "log"):
        (folder / name).mkdir(parents=True)
    folder.chmod(0o755)  # Postfix has to reach it as another user
    for name in ("data", "mail"):
        shutil.chown(folder / name, "postfix")
    uid = (folder / "mail").stat().st_uid
    _certify(folder / "etc")
    texts = {"main.cf": MAIN, "master.cf": MASTER, "mailboxes": MAILBOXES, "transport": TRANSPORT, "access": ACCESS}
    values = {"folder": folder, "daemons": DAEMONS, "uid": uid, "port": port, "far": far, "nobody": nobody}
    for name, text in texts.items():
        (folder / "etc" / name).write_text(text.format_map(values).lstrip())
    _postfix(folder, "start")
    try:
        yield Postfix(port, folder)
    finally:
        _postfix(folder, "stop")


def _postfix(folder: Path, command: str) -> None:
    done = subprocess.run(
        ["/usr/sbin/postfix", "-c", str(folder / "etc"), command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr + (folder / "log" / "mail.log").read_text()


def _free_ports(count: int) -> list[int]:
    with ExitStack() as taken:
        sockets = [taken.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _certify(folder: Path) -> None:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mx.test")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.PEM)
    )
    (folder / "ca.pem").write_bytes(certificate)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "tls.pem").write_bytes(private + certificate)
    (folder / "tls.pem").chmod(0o600)
