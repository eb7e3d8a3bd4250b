"""The document store and the readers' keys, as endpoints get them: made once for each gateway's settings."""

from functools import cache
from pathlib import Path
from typing import Annotated

from fastapi import Depends

from api.deps import SettingsDep
from api.documents.readers import ReaderKeys, reader_keys_of
from api.documents.service import Documents
from api.documents.stores import open_store
from api.settings import Settings


@cache
def _documents(directory: Path, ipfs_address: str, reader_keys: ReaderKeys) -> Documents:
    return Documents(open_store(directory, ipfs_address or None), reader_keys)


def documents_of(settings: Settings) -> Documents:
    assert settings.documents_dir is not None  # filled in when the settings are read
    return _documents(settings.documents_dir, settings.ipfs_url, reader_keys_of(settings))


def _reader_keys_dep(settings: SettingsDep) -> ReaderKeys:
    return reader_keys_of(settings)


def _documents_dep(settings: SettingsDep) -> Documents:
    return documents_of(settings)


ReaderKeysDep = Annotated[ReaderKeys, Depends(_reader_keys_dep)]
DocumentsDep = Annotated[Documents, Depends(_documents_dep)]
