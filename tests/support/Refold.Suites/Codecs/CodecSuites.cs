// The suites of codecs: random types and values, none of which may lose anything in silence.
// Run by the tests of codecs in the short form, and by Soak.
namespace Refold.Suites;

internal static class CodecSuites
{
    public static Suite Types { get; } = new("codec-types", 2, 16, TypeFuzz.LongAsync)
    {
        Short = TypeFuzz.ShortAsync,
        Missing = TypeFuzz.Missing,
        TellingCases = 16,
    };

    public static IReadOnlyList<Suite> All { get; } = [Types];
}
