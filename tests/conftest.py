"""What all tests share."""

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="session")
def few_documents() -> Iterator[None]:
    """Leave out the documents that take long, but where a project asks for them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("circles.project.tables.DOCUMENTS", ())
        yield
