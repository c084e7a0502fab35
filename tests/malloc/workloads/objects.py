# SPDX-License-Identifier: MIT
"""objects.py SCALE - dictionaries, lists, strings and objects of a class; with PYTHONMALLOC=malloc each is a block."""

import json
import sys


class Point:
    def __init__(self, number):
        self.x, self.y, self.name = number, -number, f"point {number}"


scale = int(sys.argv[1])
records = [{"id": i, "name": f"n{i}", "tags": [str(j) for j in range(i % 7)], "value": i * 1.5} for i in range(scale * 100)]
text = json.dumps(records, indent=1)
assert json.loads(text) == records
points = {f"p{i}": Point(i) for i in range(scale * 200)}
for key in list(points)[::3]:
    del points[key]
again = [Point(i) for i in range(scale * 50)]
joined = ",".join(sorted(point.name for point in points.values()))
print(len(text), len(joined), sum(point.x for point in again))
