"""A project of an organisation, for which campaigns raise money; the law wants a separate account of each."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from shared.kernel import Decider, Rejected


class OpenProject(Struct, frozen=True, gc=False):
    project_id: str
    name: str
    org_id: str
    needs: tuple[str, ...] = ()


class ProjectOpened(Struct, frozen=True, gc=False):
    project_id: str
    name: str
    org_id: str
    needs: tuple[str, ...]


class Project(Struct, frozen=True, gc=False):
    opened: ProjectOpened | None = None


class ProjectOpenedDifferently(Rejected):
    """A project with this id was opened with other terms."""


def decide(command: OpenProject, state: Project) -> tuple[ProjectOpened, ...]:
    asked = ProjectOpened(command.project_id, command.name, command.org_id, command.needs)
    if state.opened is None:
        return (asked,)
    if state.opened != asked:
        raise ProjectOpenedDifferently(project_id=command.project_id)
    return ()


def evolve(state: Project, event: Any) -> Project:
    return Project(event)


PROJECT = Decider(noun="project", absent=Project(), decide=decide, evolve=evolve, commands=(OpenProject,), events=(ProjectOpened,))
