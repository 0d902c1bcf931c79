"""What tests of builds share."""

import pytest

from mnist1d_hf.hub import resuming


@pytest.fixture
def written(monkeypatch):
    """Paths of the Parquet files that this process writes."""
    paths = []

    def write_parquet(file, path, write=resuming.write_parquet):
        paths.append(file.path)
        return write(file, path)

    monkeypatch.setattr(resuming, "write_parquet", write_parquet)
    return paths
