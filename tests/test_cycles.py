"""No module imports itself through others, not even for the sake of types."""

from graphlib import TopologicalSorter

import grimp


def test_there_are_no_cycles_of_modules():
    graph = grimp.build_graph("seedwise")
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    assert len(imports) > 300
    TopologicalSorter(imports).prepare()  # it raises a CycleError that names the modules of a cycle
