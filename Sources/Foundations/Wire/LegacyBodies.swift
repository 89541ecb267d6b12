/// Whether the request under way came to Nova's first API, whose bodies are read with patience: members that nobody
/// knows are passed over, and so are spaces at the ends of names.
package enum LegacyBodies {
    @TaskLocal package static var areRead = false
}
