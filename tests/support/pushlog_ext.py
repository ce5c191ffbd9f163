"""Serves json-pushes (version 2) from a Mercurial repository: `.hg/pushes.json` has the pushes, [number, date, user, [node]]."""

import json
import os

from mercurial import extensions, registrar  # noqa: F401
from mercurial.hgweb import common, webcommands


def pushes(web):
    asked = web.req.qsparams
    repo = web.repo
    with open(os.path.join(repo.path, b"pushes.json")) as file:
        recorded = json.load(file)
    chosen = recorded
    if b"changeset" in asked:
        node = repo[repo.lookup(asked[b"changeset"])].hex().decode()
        chosen = [push for push in recorded if node in push[3]]
    elif b"startID" in asked and b"endID" in asked:
        start, end = int(asked[b"startID"]), int(asked[b"endID"])
        chosen = [push for push in recorded if start < push[0] <= end]
    else:
        raise common.ErrorResponse(400, b"both bounds are needed")
    answer = {}
    for number, date, user, nodes in chosen:
        changesets = [tell(repo[node.encode()]) if b"full" in asked else node for node in nodes]
        answer[str(number)] = {"user": user, "date": date, "changesets": changesets}
    last = max((push[0] for push in recorded), default=None)
    web.res.headers[b"Content-Type"] = b"application/json"
    web.res.setbodybytes(json.dumps({"lastpushid": last, "pushes": answer}).encode())
    return web.res.sendresponse()


def tell(ctx):
    return {
        "node": ctx.hex().decode(),
        "author": ctx.user().decode(),
        "desc": ctx.description().decode(),
        "branch": ctx.branch().decode(),
        "parents": [parent.hex().decode() for parent in ctx.parents()],
        "tags": [tag.decode() for tag in ctx.tags()],
        "files": [file.decode() for file in ctx.files()],
    }


def extsetup(ui):
    setattr(webcommands, "pushes", pushes)
    webcommands.__all__.append("pushes")
