"""The dashboard in a real browser, against everything that `tailrace up` starts."""
