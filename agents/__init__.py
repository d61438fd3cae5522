"""The stream agents: one file each, a pure step plus a thin shell.

    meter.py          exchanges -> tables `users`, `seen`; facts (the exemplar: read it first)
    analyze.py        facts -> the analytics engine's table `exchanges`
    archive.py        bodies -> object store; archived: where each exchange's bodies lie
    index.py          archived -> the analytics engine's table `bodies`
    sink_agent.py     the shell of every agent with a sink; `strikes.py` tells what is given up
    dead_letters.py   what every agent does with a message it cannot handle

A step takes a message and what the tables know, and answers effects: table puts and emits. The
engine commits a message's offset only when its effects are durable, so the same message may come
again; a step gives the same effects then, or none. Nothing a message contains may raise out of an
agent: it goes to the dead letters alone.
"""

REGISTERED = ("agents.meter",)
