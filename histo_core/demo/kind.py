"""Register the demo as a kind of job. Nothing here loads PyTorch, so that Home can show its progress at once."""

from __future__ import annotations

from pydantic import Field

from histo_core.jobs.kinds import JOBS, JobKind
from histo_core.jobs.params import JobParams
from histo_core.progress import Progress
from histo_core.workspace import Workspace

KIND = "demo"


class DemoParams(JobParams):
    """The parameters of the demo: the number of patches; None for that of `histo_core.studies.demo`."""

    patches: int | None = Field(default=None, ge=40)

    @property
    def subject(self) -> str:
        return "three networks on phantom tissue"


def _demo(params: DemoParams, workspace: Workspace, progress: Progress) -> None:
    from histo_core.demo.make import make_demo  # it loads PyTorch

    make_demo(workspace, progress, patches=params.patches)


# Somebody waits for it, so it gets as much of the processor as training does.
JOBS.add(KIND, JobKind("Demo", DemoParams, _demo, action="run.launch", niceness=0))
