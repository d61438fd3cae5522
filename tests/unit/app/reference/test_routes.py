from app.reference.routes import ROUTES, render_routes


def test_every_route_has_a_line() -> None:
    text = render_routes()
    assert len({(method, path) for method, path, _ in ROUTES}) == len(ROUTES)
    for _, path, meaning in ROUTES:
        assert f"| `{path}` | " in text
        assert meaning
    assert "| any | `/v1/*` | " in text
