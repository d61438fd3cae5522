"""The dashboard at `/`: static files of this package, and who may use them.

    files.py     the files under `static/`, read once, served with a strict policy
    session.py   `/api/v1/session`: a key becomes a cookie that no script can read
    pipeline.py  `/api/v1/pipeline`: how all workers stand, gathered
    standing.py  how one process stands, from its own metrics

    static/      plain ES modules and hand-written CSS, without a build
        index.html theme.js main.js     the page, its theme before the first paint, routes
        views/                          one module per page: overview, exchanges, exchange, users, …
        vendor/uplot/                   uPlot 1.6.32 as it was published, under its MIT licence

Pages hold their state in the address behind `#`, so that a view can be shared.
"""
