import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from plinth.storage.documents import PDFField

PDF = b"%PDF-1.7\n" + b"x" * 5_000 + b"\n%%EOF\n"


def clean(content: bytes) -> bytes:
    field = PDFField(max_bytes=10_000)
    return bytes(field.clean(SimpleUploadedFile("a.pdf", content)).read())


def test_pdf_is_accepted() -> None:
    assert clean(PDF) == PDF


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", "The submitted file is empty."),
        (b"<script>alert(1)</script>%PDF-1.7\n%%EOF", "This is not a PDF file."),
        (PDF[:3_000], "This is not a PDF file."),
        (PDF + b"x" * 3_000, "This is not a PDF file."),
        (PDF + PDF, "The file is larger than 0.01 MB."),
    ],
)
def test_other_files_are_refused_with_the_reason(content: bytes, error: str) -> None:
    with pytest.raises(ValidationError, match=error):
        clean(content)
