"""No module imports itself through others, not even for the sake of types."""

import grimp
import networkx


def test_there_are_no_cycles_of_modules():
    graph = grimp.build_graph("seedwise")
    arrows = networkx.DiGraph()
    for module in graph.modules:
        arrows.add_edges_from((module, other) for other in graph.find_modules_directly_imported_by(module))
    assert len(arrows) > 300
    assert [sorted(circle) for circle in networkx.strongly_connected_components(arrows) if len(circle) > 1] == []
