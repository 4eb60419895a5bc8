// The stores of the library by name, each on devices in memory.
// Used by EditedRuns and by the tests that hold on every store.
using Refold.Segments;
using Xunit;

namespace Refold.Suites;

internal static class Stores
{
    /// <summary>The names.</summary>
    public static TheoryData<string> All => ["memory", "segments", "litedb"];

    /// <summary>An empty journal.</summary>
    public static ILocalJournal Open(string store, JournalOptions? options = null) => store switch
    {
        "segments" => SegmentJournal.Open(new MemoryDevice(), options ?? new JournalOptions()),
        "litedb" => LiteDbJournal.Open(new SimulatedFiles(), options),
        _ => (InMemoryJournal)Journal.Open("memory:", options),
    };

    /// <summary>A LiteDB journal that writes places into documents after a few entries.</summary>
    public static LiteDbJournal OpenWithFewPlaces() =>
        LiteDbJournal.Open(new SimulatedFiles(), places: new PlaceLimits(Entries: 50, Names: 50, PieceSize: 7));
}
