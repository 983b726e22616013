"""Starts a pipeline with nothing but Temporal's own client: pip install temporalio"""
import asyncio

from temporalio.client import Client


async def main() -> None:
    client = await Client.connect("127.0.0.1:7233")
    handle = await client.start_workflow(
        "sensor-training",
        {"params": {"source": "/data/plant", "tz": "Europe/Berlin", "k": 6}},
        # The same id while it runs joins the same run.
        id="sensor-training.from-python",
        task_queue="millrace.workflow",
    )
    print([(step["name"], step["state"]) for step in await handle.query("state")])
    print((await handle.result())["model"])


asyncio.run(main())
