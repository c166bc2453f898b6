"""The second host's documents, as three kinds of generators write them."""

import zlib


def paper(kind: str, title: str) -> bytes:
    """One page that says `title`. `packed`: a PDF of streams alone; `plain`: of before 1.5; `appended`: saved twice."""
    if kind == "packed":
        return packed(title)
    return plain(title) if kind == "plain" else appended(plain(title))


def _objects(number: int) -> list[bytes]:
    return [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 420 595]/Contents %d 0 R/Resources<</Font<</F1 4 0 R>>>>>>" % number,
        b"<</Type/Font/Subtype/Type1/BaseFont/Courier>>",
    ]


def _content(title: str) -> bytes:
    return f"BT /F1 14 Tf 40 700 Td ({title.encode('ascii', 'replace').decode()}) Tj ET".encode()


def packed(title: str) -> bytes:
    """A PDF 1.7 whose objects are packed in a compressed object stream, with a cross-reference stream."""
    content = zlib.compress(_content(title))
    index, body = "", b""
    for number, object_ in enumerate(_objects(5), 1):
        index += f"{number} {len(body)} "
        body += object_ + b" "
    inside = zlib.compress(index.encode() + body)
    out = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
    offsets = []
    for number, extra, data in (
        (5, b"", content),
        (6, b"/Type/ObjStm/N 4/First %d" % len(index), inside),
    ):
        offsets.append(len(out))
        out += b"%d 0 obj<<%s/Filter/FlateDecode/Length %d>>stream\n%s\nendstream endobj\n" % (
            number,
            extra,
            len(data),
            data,
        )
    rows = [(0, 0, 255), *((2, 6, n) for n in range(4)), *((1, at, 0) for at in (*offsets, len(out)))]
    table = zlib.compress(b"".join(bytes([a]) + b.to_bytes(3, "big") + bytes([c]) for a, b, c in rows))
    start = len(out)
    out += b"7 0 obj<</Type/XRef/Size 8/W[1 3 1]/Root 1 0 R/Filter/FlateDecode/Length %d>>stream\n" % len(table)
    return out + table + b"\nendstream endobj\nstartxref\n%d\n%%%%EOF\n" % start


def plain(title: str) -> bytes:
    """A PDF 1.3 with a table of contents in clear text, lines ended as on old machines, and padding behind its end."""
    content = _content(title)
    bodies = [*_objects(5), b"<</Length %d>>stream\r\n%s\r\nendstream" % (len(content), content)]
    out, offsets = b"%PDF-1.3\r\n", []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\r\n%s\r\nendobj\r\n" % (number, body)
    start = len(out)
    out += b"xref\r\n0 6\r\n0000000000 65535 f\r\n" + b"".join(b"%010d 00000 n\r\n" % at for at in offsets)
    return out + b"trailer\r\n<</Size 6/Root 1 0 R>>\r\nstartxref\r\n%d\r\n%%%%EOF\r\n\r\n" % start


def appended(first: bytes) -> bytes:
    """The same, saved a second time: another page size, and a table that points at the one before."""
    before = int(first.rsplit(b"startxref", 1)[1].split()[0])
    at = len(first)
    page = _objects(5)[2].replace(b"[0 0 420 595]", b"[0 0 297 420]")
    out = first + b"3 0 obj\n%s\nendobj\n" % page
    start = len(out)
    out += b"xref\n3 1\n%010d 00000 n \n" % at
    return out + b"trailer\n<</Size 6/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % (before, start)
