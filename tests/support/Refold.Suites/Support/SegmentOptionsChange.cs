// Options for tests that differ in what only segments understand.
// Used by the tests of journals in segment files.
using Refold.Segments;

namespace Refold.Suites;

/// <summary>Options that differ in what only segments understand.</summary>
internal static class SegmentOptionsChange
{
    public static JournalOptions With(this JournalOptions options, Func<SegmentOptions, SegmentOptions> change) =>
        options with { Segments = change(options.Segments) };
}
