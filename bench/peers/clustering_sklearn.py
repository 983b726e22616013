"""The peer of the clustering benchmark: scikit-learn's k-means on the table of ours, one fit a seed."""
import json
import pathlib
import sys

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

task = json.loads(pathlib.Path(sys.argv[1]).read_text())
data = np.array(task["data"]).reshape(task["rows"], -1)
fits = [KMeans(task["k"], n_init=10, random_state=seed).fit(data) for seed in task["seeds"]]
print(json.dumps([{"ari": adjusted_rand_score(task["truth"], fit.labels_), "inertia": fit.inertia_} for fit in fits]))
