package engine

// SmallSteps makes windows and slices so small that tests have several of them.
func SmallSteps(rows uint32, traces int) {
	windowRowsMax, firstSlice, fewOf, sparseFrom = rows, traces, 1, 20
}
