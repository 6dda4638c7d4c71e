from contextlib import asynccontextmanager
from typing import Annotated, Any, AsyncIterator, Dict, Optional
from uuid import uuid4

import tss
from fastapi import FastAPI, Header, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from report import build_report

client = tss.AsyncClient(submit_timeout=5)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    async with client:
        yield


app = FastAPI(lifespan=lifespan)
User = Annotated[str, Header(alias="x-user")]  # Stands for your sign-in.


class NewReport(BaseModel):
    month: str = Field(pattern=r"^\d{4}-\d{2}$")


@app.post("/reports", status_code=202)
async def submit(body: NewReport, user: User, idempotency_key: Annotated[Optional[str], Header()] = None) -> Dict[str, str]:
    task = await client.submit(
        build_report.task(
            {"month": body.month},
            name=f"report of {body.month}",
            labels={"user": user},
            idempotency_key=f"{user}:{idempotency_key or uuid4()}",
            retry=tss.Retry(limit=30, interval=1, backoff="fixed"),
            timeout=600,
        )
    )
    return {"id": task.id}


@app.get("/reports/{id}")
async def look(id: str, user: User, wait: Annotated[float, Query(ge=0, le=30)] = 0) -> Dict[str, Any]:
    task = await report_of(id, user)
    if wait > 0:
        try:
            await task.wait(wait)
        except tss.TssError as error:
            if error.code != "DEADLINE_EXCEEDED":
                raise
    view = await task.get()
    answer = {
        "status": view.status,
        "reason": view.reason,
        "attempt": view.attempt,
        "percent": view.progress and view.progress.percent,
        "totals": await task.result() if view.status == "succeeded" else None,
        "error": view.error and view.error.message,
    }
    return {name: value for name, value in answer.items() if value is not None}


@app.delete("/reports/{id}", status_code=202)
async def cancel(id: str, user: User) -> Dict[str, str]:
    task = await report_of(id, user)
    await task.cancel()
    return {"id": task.id}


@app.post("/reports/{id}/retry", status_code=202)
async def retry(id: str, user: User) -> Dict[str, str]:
    task = await report_of(id, user)
    again = await task.retry()
    return {"id": again.id}


async def report_of(id: str, user: str) -> "tss.AsyncTaskHandle[Dict[str, int]]":
    """An id is no secret: what it names is shown to the user who asked for it, and is a report."""
    task = client.task(id)
    view = await task.get()
    if view.type == build_report.type and view.labels.get("user") == user:
        return task
    raise tss.TssError("NOT_FOUND", f"There is no report {id}.")


STATUS = {
    "INVALID_ARGUMENT": 400,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,  # The idempotency key was used for another report.
    "FAILED_PRECONDITION": 409,  # Only what has ended can be retried.
    "RESOURCE_EXHAUSTED": 503,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 503,
}


@app.exception_handler(tss.TssError)
async def answer_error(_: Request, error: tss.TssError) -> JSONResponse:
    return JSONResponse({"error": str(error)}, STATUS.get(error.code, 500))
