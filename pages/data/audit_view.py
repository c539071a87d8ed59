"""Show an audit: its verdict, each finding with a link to its patches, and the comparison with another data set."""

from __future__ import annotations

import streamlit as st

from histo_core.auditing.finding import Finding
from histo_core.auditing.report import AuditReport
from histo_core.auditing.sides import rows_of
from histo_core.config import DataConfig, SplitConfig
from histo_core.data.dataset import Dataset
from histo_core.data.splits.split import Split
from histo_core.reports.audit import audit_zip
from pages.data import pairs_view
from pages.data.explore import selection
from pages.shared.app import url_state
from pages.shared.app.session import current_session
from pages.shared.cache import cache
from pages.shared.components import data_choice, layout
from pages.shared.components.errors import shown
from pages.shared.components.job_card import job_card
from pages.shared.components.text import count, plain

ICONS = {
    "problem": (":material/error:", "red", "problem"),
    "warning": (":material/warning:", "orange", "warning"),
    "unknown": (":material/help:", "orange", "not known"),
    "note": (":material/info:", "blue", "note"),
    "ok": (":material/check_circle:", "green", "fine"),
}
"""Icon, colour and word for each severity, the worst first."""
CARD = 340
"""Pixels of one finding's card."""
NOTE = (
    "Reads each patch once and looks for patients and patches on both sides, near duplicates, contradicting labels, "
    "unusable patches, and shortcuts to the label. 10,000 patches take about a minute."
)


def draw(source: Dataset, split: Split, data: DataConfig, division: SplitConfig) -> None:
    """Draw the view.

    Args:
        source: the opened data set.
        split: the split in use.
        data: configuration of ``source``.
        division: configuration of ``split``.
    """
    if not len(rows_of(split)):
        st.info("An audit looks at what the sets of a split share. Build a split first.", icon=":material/call_split:")
        st.button("Go to Splits", on_click=url_state.put, args=("view", "split"))
        return
    report = cache.audit(data, division, current_session().workspace)
    if report is None:
        st.markdown("This split has not been audited yet.")
        job_card(
            "audit", _params(data, division), "Audit this split", then="The audit is done.", note=NOTE, primary=True
        )
    else:
        _report(report, source, data)
    _against(source, data, division)


def _params(data: DataConfig, division: SplitConfig, other: DataConfig | None = None) -> dict[str, object]:
    return {
        "data": data.model_dump(mode="json"),
        "split": division.model_dump(mode="json"),
        "other": None if other is None else other.model_dump(mode="json"),
    }


def _report(
    report: AuditReport, source: Dataset, data: DataConfig, against: tuple[Dataset, DataConfig] | None = None
) -> None:
    """Show the findings as cards, the worst first, and pairs side by side."""
    name = "audit" if against is None else "audit-against"
    if against is not None:  # the page's own verdict is at its top
        st.markdown(f"**{plain(report.verdict)}**")
    with st.container(horizontal=True, vertical_alignment="center"):
        said = f"{count(report.checked, 'patch')} looked at"
        if report.other is not None:
            said += f" and compared with {count(report.other.patches, 'patch')} of {report.other.short}"
        st.caption(plain(f"{said}."), width="content")
        layout.download("Download the report", lambda: report_zip(report, source), f"{name}.zip", "application/zip")
    with st.grid("auto", min_column_width=CARD, gap="small") as grid:
        for finding in sorted(report.findings, key=lambda finding: list(ICONS).index(finding.severity)):
            with grid.cell():
                _card(finding, name, "" if against is None else selection.AGAINST)
    _pairs(report, source, data, against, name)


def _card(finding: Finding, name: str, prefix: str) -> None:
    icon, colour, word = ICONS[finding.severity]
    with st.container(border=True, height="stretch", key=f"{name}.{finding.key}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(finding.title)}**", width="content")
            st.badge(word, icon=icon, color=colour)  # type: ignore[arg-type]
        st.markdown(plain(finding.sentence))
        if finding.table.empty:
            return
        with st.container(horizontal=True, vertical_alignment="center"):
            if "sample_id" in finding.table:
                st.button(
                    "Show the patches",
                    key=f"{name}.open.{finding.key}",
                    icon=":material/grid_view:",
                    on_click=selection.open_finding,
                    args=(prefix + finding.key,),
                )
            layout.download_table(finding.table, f"{name}-{finding.key}")


def _pairs(
    report: AuditReport, source: Dataset, data: DataConfig, against: tuple[Dataset, DataConfig] | None, name: str
) -> None:
    found = {finding.key: finding for finding in report.findings if "other_id" in finding.table and len(finding.table)}
    if not found:
        return
    st.header("Pairs side by side", anchor=False)
    key = url_state.choose(
        "Pairs of",
        f"{name}.pairs",
        list(found),
        default=None if against is None else "shared",
        format_func=lambda key: found[key].title,
        width=320,
        clears=(pairs_view.page_parameter(name),),
    )
    pairs_view.draw(found[key].table, source, data, *(against or (source, data)), name=name)


@shown()
def _against(source: Dataset, data: DataConfig, division: SplitConfig) -> None:
    """Audit against another data set: is any of its test patches in this training set?"""
    chosen = None
    with shown():  # the form stays, so that an unreadable link can be corrected
        chosen = data_choice.against()
    with st.expander("Compare with another data set", expanded=chosen is not None):
        st.caption("Finds patches that both hold, also turned, mirrored or saved anew, and labels that contradict.")
        asked = data_choice.form(chosen or DataConfig(), prefix="audit.against")
        if st.button("Open and compare", icon=":material/compare:"):
            url_state.put("against", asked.model_dump_json(exclude_defaults=True))
            st.rerun()
    if chosen is None:
        return
    other = data_choice.opened_or_job(chosen, current_session().workspace)
    if other is None:
        return
    st.header(plain(f"Against {data_choice.describe(chosen)}"), anchor=False)
    if other.state == source.state:
        st.info("These are the same data; the audit above looks at them already. Choose others.")
        return
    report = cache.audit(data, division, current_session().workspace, chosen)
    if report is None:
        job_card("audit", _params(data, division, chosen), "Audit both", then="The audit is done.", note=NOTE)
    else:
        _report(report, source, data, (other, chosen))


def report_zip(report: AuditReport, source: Dataset) -> bytes:
    """Return the report for a user who may take it away."""
    current_session().authorise("report")
    return audit_zip(report, source)
