"""The peer of the prediction benchmark: a scikit-learn pipeline behind FastAPI, as teams build it.

Fitted on the feature table that is given as JSON; serves on the port that is given.
"""
import json
import pathlib
import sys

import numpy as np
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from sklearn.cluster import KMeans
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

task = json.loads(pathlib.Path(sys.argv[1]).read_text())
columns = task["columns"]
table = np.array(task["data"], dtype=float).reshape(-1, len(columns))


def signed_log(values):
    return np.sign(values) * np.log1p(np.abs(values))


prepare = make_pipeline(SimpleImputer(strategy="median"), FunctionTransformer(signed_log), StandardScaler())
scaled = prepare.fit_transform(table)
model = KMeans(task["k"], n_init=10, random_state=42).fit(scaled)
distances = model.transform(scaled)
radius = np.array([distances[model.labels_ == label, label].max() for label in range(task["k"])])

app = FastAPI()


class Instance(BaseModel):
    features: dict[str, float | None]


class Request(BaseModel):
    instances: list[Instance]


class Prediction(BaseModel):
    cluster: int
    distance: float
    novel: bool


class Response(BaseModel):
    predictions: list[Prediction]


@app.post("/predict")
def predict(request: Request) -> Response:
    rows = np.array([[each.features.get(name, np.nan) for name in columns] for each in request.instances], dtype=float)
    distances = model.transform(prepare.transform(rows))
    labels = distances.argmin(axis=1)
    nearest = distances[np.arange(len(labels)), labels]
    return Response(
        predictions=[
            Prediction(cluster=int(label), distance=float(distance), novel=bool(distance > radius[label]))
            for label, distance in zip(labels, nearest)
        ]
    )


uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="error", access_log=False)
