// Package advise says of a trace why it was slow or failed.
//
// # Critical path
//
// At every moment of a request exactly one span made it wait; those stretches
// in order of time are its critical path. The path is found by walking
// backwards, after "CRISP: Critical Path Analysis of Large-Scale Microservice
// Architectures" (Zhang et al., USENIX ATC 2022); Jaeger's critical path view
// follows the same idea. The main root's window is its whole time. In the window
// of a span, t is at first the window's end, and the children that hold the span
// are taken by their ends, the last first. For each child that starts before t,
// the time from the child's end to t is the span's own; the child's window is
// from its start to its end or t, whichever is earlier, and is handled in the
// same way; then t is the child's start. What is left before t is the span's
// own. Children are clamped to the window, so the stretches never overlap and
// their sum is the root's duration.
//
// A child holds its parent unless
//   - it is a CONSUMER, which works on its own time. A PRODUCER holds its parent
//     while it sends;
//   - it ends after its parent, and so was not waited for. Two overshoots are
//     forgiven, and clamped: up to 1 % of the parent's duration, which is the
//     clock's grain or a deferred end, and any overshoot of a SERVER under a
//     CLIENT, because a remote call is waited for and its clock may be off.
//
// # Bottleneck
//
// The bottleneck is the span with the most time of its own on the path. [Class]
// says what kind of waiting it was.
package advise
