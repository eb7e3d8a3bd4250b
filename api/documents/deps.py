"""The document store and the readers' keys, as endpoints get them: made once for each gateway's settings."""

from functools import cache
from pathlib import Path
from secrets import token_hex
from typing import Annotated

from fastapi import Depends

from api.deps import SettingsDep
from api.documents.readers import ReaderKeys
from api.documents.service import Documents
from api.documents.stores import open_store
from api.settings import Settings
from api.signers import write_private


@cache
def _reader_keys(directory: Path, key_file: Path) -> ReaderKeys:
    if not key_file.exists():
        write_private(key_file, token_hex(32).encode())
    return ReaderKeys(directory, key_file.read_text(encoding="ascii").strip())


@cache
def _documents(directory: Path, ipfs_address: str, reader_keys: ReaderKeys) -> Documents:
    return Documents(open_store(directory, ipfs_address or None), reader_keys)


def reader_keys_of(settings: Settings) -> ReaderKeys:
    assert settings.document_key_file is not None  # filled in when the settings are read
    return _reader_keys(settings.data_dir / "reader-keys", settings.document_key_file)


def documents_of(settings: Settings) -> Documents:
    assert settings.documents_dir is not None  # filled in when the settings are read
    return _documents(settings.documents_dir, settings.ipfs_url, reader_keys_of(settings))


def _reader_keys_dep(settings: SettingsDep) -> ReaderKeys:
    return reader_keys_of(settings)


def _documents_dep(settings: SettingsDep) -> Documents:
    return documents_of(settings)


ReaderKeysDep = Annotated[ReaderKeys, Depends(_reader_keys_dep)]
DocumentsDep = Annotated[Documents, Depends(_documents_dep)]
