"""What must hold for every picture that pellucid draws, whatever is in it."""

import re
import xml.etree.ElementTree as ET

from pellucid.glass import svg

SVG = "{http://www.w3.org/2000/svg}"
ELEMENTS = {"svg", "title", "desc", "style", "rect", "line", "path", "circle", "text", "image", "g"}


def texts(element, x=0.0, y=0.0):
    """(element, left, right, baseline, size, turned) of every text; widths are upper bounds."""
    for child in element:
        dx, dy = 0.0, 0.0
        if match := re.fullmatch(r"translate\((\S+) (\S+)\)", child.get("transform", "")):
            dx, dy = float(match[1]), float(match[2])
        turned = child.get("transform", "").startswith("rotate(-90")
        if child.tag == SVG + "text":
            size = float(child.get("font-size"))
            width = svg.width_of(child.text or "", size) * (1.12 if child.get("font-weight") else 1.0)
            at = x + dx + float(child.get("x"))
            start = at - {"middle": width / 2, "end": width}.get(child.get("text-anchor"), 0.0)
            yield child, start, start + width, y + dy + float(child.get("y")), size, turned
        yield from texts(child, x + dx, y + dy)


def check(picture, limit=250_000):
    """Valid, described, nothing that runs, every text inside the canvas and apart from the others; the root element."""
    root = ET.fromstring(picture.encode())
    assert root.tag == SVG + "svg" and root.get("role") == "img"
    assert root[0].tag == SVG + "title" and root[0].text and root[1].tag == SVG + "desc" and len(root[1].text) > 20
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= ELEMENTS
    for element in root.iter():
        for key, value in element.attrib.items():
            assert not key.startswith("on") and key != "id"
            assert "href" not in key or value.startswith("data:image/png;base64,")
            assert key in ("href", "d", "title") or ("nan" not in value.lower().split() and "inf" not in value)
            assert key != "d" or ("nan" not in value and "inf" not in value)
    assert "prefers-color-scheme:dark" in picture and len(picture) < limit
    width, height = float(root.get("width")), float(root.get("height"))
    placed = []
    for element, left, right, base, size, turned in texts(root):
        if turned:
            assert base - (right - left) / 2 >= 0 and base + (right - left) / 2 <= height, element.text
            continue
        assert left >= 0 and right <= width and base - size >= 0 and base + 0.3 * size <= height, element.text
        placed.append((left, right, base - 0.75 * size, base + 0.2 * size, element.text))
    for number, one in enumerate(placed):
        for other in placed[number + 1 :]:
            across, up = min(one[1], other[1]) - max(one[0], other[0]), min(one[3], other[3]) - max(one[2], other[2])
            assert across <= 0.5 or up <= 0, (one[4], other[4])
    for shape in root.iter(SVG + "circle"):
        x, y, r = (float(shape.get(key)) for key in ("cx", "cy", "r"))
        assert r <= x <= width - r and r <= y <= height - r
    return root
