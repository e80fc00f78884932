"""S3: a private bucket on AWS or any server that speaks its API."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, BinaryIO, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from app.errors import Unavailable


class ObjectStore(Protocol):
    """Where bytes are kept outside the database."""

    def put(self, key: str, body: bytes, content_type: str) -> None:
        """Store ``body`` under ``key``, encrypted at rest. Raises Unavailable (``storage_unavailable``)."""

    def put_file(self, key: str, file: BinaryIO, content_type: str) -> None:
        """The same with what is in ``file`` from where it stands, however much: it is sent in parts."""

    def get(self, key: str) -> bytes | None:
        """The bytes under ``key``, or None where there are none. Raises Unavailable."""

    def delete(self, key: str) -> None:
        """Have nothing under ``key`` any more, whether there was anything or not. Raises Unavailable."""

    def link(self, key: str, *, seconds: int, filename: str | None = None) -> str:
        """An address that shows what is under ``key`` to whoever has it, for that long. Raises Unavailable.

        It is signed here, so nobody is asked whether there is anything under ``key``. With a ``filename`` of ASCII
        letters, digits, dots and hyphens a browser keeps it under that name instead of showing it.
        """

    def keys(self, prefix: str) -> Iterator[str]:
        """The keys that begin with ``prefix``, in their order. Raises Unavailable."""

    def reachable(self) -> bool:
        """Whether the bucket answers now."""


class S3ObjectStore:
    """Every object is written with server-side encryption. Answers within 5 seconds or raises Unavailable."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.bucket: str = config["S3_BUCKET"]
        self._config = config

    @cached_property
    def _client(self) -> Any:
        return self._connected(self._config["S3_ENDPOINT_URL"])

    @cached_property
    def _signer(self) -> Any:
        """For links: what it signs is opened from outside, where the server may have another address than here."""
        outside = self._config["S3_LINK_ENDPOINT_URL"]
        return self._connected(outside) if outside else self._client

    def _connected(self, url: str) -> Any:
        # At its first use: boto3 is a tenth of what starting a process costs, and most processes never need it.
        import boto3
        from botocore.config import Config

        return boto3.client(
            "s3",
            endpoint_url=url or None,
            region_name=self._config["S3_REGION"],
            aws_access_key_id=self._config["S3_ACCESS_KEY_ID"] or None,
            aws_secret_access_key=self._config["S3_SECRET_ACCESS_KEY"] or None,
            config=Config(
                connect_timeout=1,
                read_timeout=2.5,
                retries={"total_max_attempts": 1},
                signature_version="s3v4",
                s3={"addressing_style": "path"},
            ),
        )

    def put(self, key: str, body: bytes, content_type: str) -> None:
        """See ObjectStore."""
        try:
            self._client.put_object(
                Bucket=self.bucket, Key=key, Body=body, ContentType=content_type, ServerSideEncryption="AES256"
            )
        except (BotoCoreError, ClientError) as error:
            raise _away() from error

    def put_file(self, key: str, file: BinaryIO, content_type: str) -> None:
        """See ObjectStore."""
        from boto3.exceptions import S3UploadFailedError

        told = {"ContentType": content_type, "ServerSideEncryption": "AES256"}
        try:
            self._client.upload_fileobj(file, self.bucket, key, ExtraArgs=told)
        except (BotoCoreError, ClientError, S3UploadFailedError) as error:
            raise _away() from error

    def get(self, key: str) -> bytes | None:
        """See ObjectStore."""
        try:
            body: bytes = self._client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
            return body
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in {"NoSuchKey", "404"}:
                return None
            raise _away() from error
        except BotoCoreError as error:
            raise _away() from error

    def keys(self, prefix: str) -> Iterator[str]:
        """See ObjectStore."""
        try:
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix):
                for found in page.get("Contents", ()):
                    yield found["Key"]
        except (BotoCoreError, ClientError) as error:
            raise _away() from error

    def delete(self, key: str) -> None:
        """See ObjectStore."""
        try:
            self._client.delete_object(Bucket=self.bucket, Key=key)
        except (BotoCoreError, ClientError) as error:
            raise _away() from error

    def link(self, key: str, *, seconds: int, filename: str | None = None) -> str:
        """See ObjectStore. What it shows is kept by no cache."""
        asked = {"Bucket": self.bucket, "Key": key, "ResponseCacheControl": "private, no-store"}
        if filename is not None:
            asked["ResponseContentDisposition"] = f'attachment; filename="{filename}"'
        try:
            address: str = self._signer.generate_presigned_url("get_object", Params=asked, ExpiresIn=seconds)
        except (BotoCoreError, ClientError) as error:
            raise _away() from error
        return address

    def reachable(self) -> bool:
        """See ObjectStore."""
        try:
            self._client.head_bucket(Bucket=self.bucket)
        except (BotoCoreError, ClientError):
            return False
        return True


class NullObjectStore:
    """Stands in where no object store is configured: it keeps nothing and says so."""

    def put(self, key: str, body: bytes, content_type: str) -> None:
        """Always raises Unavailable."""
        raise _away()

    def put_file(self, key: str, file: BinaryIO, content_type: str) -> None:
        """Always raises Unavailable."""
        raise _away()

    def get(self, key: str) -> bytes | None:
        """Always raises Unavailable."""
        raise _away()

    def keys(self, prefix: str) -> Iterator[str]:
        """Always raises Unavailable."""
        raise _away()

    def delete(self, key: str) -> None:
        """Always raises Unavailable."""
        raise _away()

    def link(self, key: str, *, seconds: int, filename: str | None = None) -> str:
        """Always raises Unavailable."""
        raise _away()

    def reachable(self) -> bool:
        """Never."""
        return False


def _away() -> Unavailable:
    return Unavailable("The document store cannot be reached just now; please try again.", "storage_unavailable")


def object_store(config: dict[str, Any]) -> ObjectStore:
    """The store that ``config`` names; the Null twin without an endpoint or keys."""
    if not (config["S3_ENDPOINT_URL"] or config["S3_ACCESS_KEY_ID"]):
        return NullObjectStore()
    return S3ObjectStore(config)
