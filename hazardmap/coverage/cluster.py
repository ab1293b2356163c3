"""Blocks on a dask.distributed cluster: the same kernel on the same blocks, added up here in the same order."""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, cast

from hazardmap.coverage.plan import Part, Task, sum_block
from hazardmap.errors import HazardmapError, MissingExtraError

__all__ = ["run_on_cluster"]

PATIENCE = "20s"
"""How long a scheduler may take to answer."""

WAITING = 2
"""Windows under way or waiting to be added, per thread of the cluster."""


def run_on_cluster(scheduler: str, tasks: Sequence[Task], what: tuple[Any, ...]) -> Iterator[Part]:
    """Send windows to a cluster; yield their sums in the order of the windows.

    Vertices and reader are sent once to each worker, which reads its windows by itself: files must be reachable from
    there under the same path.

    Parameters
    ----------
    scheduler : str
        Address, such as ``tcp://10.0.0.1:8786``.
    tasks : sequence of Task
        The windows that shapes touch.
    what : tuple
        Reader, vertices, frame and rule.

    Raises
    ------
    MissingExtraError
        When dask.distributed is not installed.
    HazardmapError
        When nobody answers at that address.
    """
    try:
        import distributed
    except ImportError as error:
        raise MissingExtraError(
            "a scheduler was named but dask.distributed is not installed; install it with 'pip install hazardmap[dask]'"
        ) from error
    try:
        client: Any = cast("Any", distributed).Client(scheduler, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise HazardmapError(
            f"no scheduler answers at {scheduler!r} ({error}); expected the address of a dask.distributed scheduler, "
            "such as tcp://10.0.0.1:8786; start one with 'dask scheduler'"
        ) from error
    return _run(client, tasks, what)


def _run(client: Any, tasks: Sequence[Task], what: tuple[Any, ...]) -> Iterator[Part]:
    """Keep the workers busy, without letting more results wait than they can make at a time."""
    waiting: deque[Any] = deque()
    with client:
        shared = client.scatter(what, broadcast=True, hash=False, direct=False)
        room = WAITING * max(1, sum(client.nthreads().values()))
        try:
            for task in tasks:
                waiting.append(client.submit(_sum_there, task, shared, pure=False))
                if len(waiting) > room:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            client.cancel(list(waiting))


def _sum_there(task: Task, what: tuple[Any, ...]) -> Part:
    """Sum one block on a worker; a dask array inside it is computed right there."""
    import dask

    with dask.config.set(scheduler="synchronous"):
        reader, arrays, frame, rule = what
        return sum_block(task, reader.read(task.window), arrays, frame, rule)
