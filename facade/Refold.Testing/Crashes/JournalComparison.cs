// Whether two journals answer everything alike: entries with their places, heads, streams, keys.
// Used by CrashOracle, to compare a store with the model.
using System.Globalization;

namespace Refold.Testing;

/// <summary>Compares journals.</summary>
internal static class JournalComparison
{
    /// <summary>The first difference; null for none.</summary>
    /// <param name="expected">The model.</param>
    /// <param name="found">The store.</param>
    /// <param name="keys">Idempotency keys to ask both for.</param>
    public static string? FirstDifference(ILocalJournal expected, ILocalJournal found, IEnumerable<string> keys)
    {
        if (expected.Head != found.Head) return $"the head is {found.Head}, expected {expected.Head}";
        return Entries("entry", expected.ReadAll(), found.ReadAll())
            ?? Entries("in place, entry", expected.ReadAll(), EntryScans.All(found))
            ?? Heads(expected, found)
            ?? Streams(expected, found)
            ?? keys.Where(key => !Equals(expected.FindByKey(key), found.FindByKey(key)))
                .Select(key => $"the key {key} stands for {found.FindByKey(key)}, expected {expected.FindByKey(key)}")
                .FirstOrDefault();
    }

    private static string? Entries(string what, IEnumerable<JournalEntry> expected, IEnumerable<JournalEntry> found)
    {
        using var theirs = found.GetEnumerator();
        foreach (var entry in expected)
        {
            if (!theirs.MoveNext()) return $"{what} {entry} is not there";
            if (!entry.Equals(theirs.Current)) return $"{what} is {theirs.Current}, expected {entry}, or it has other bytes";
        }

        return theirs.MoveNext() ? $"{what} {theirs.Current} was never submitted, or was taken back" : null;
    }

    private static string? Heads(ILocalJournal expected, ILocalJournal found)
    {
        for (var position = 0L; position <= expected.Head.Position + 1; position++)
        {
            if (expected.HeadAt(position) != found.HeadAt(position))
                return string.Create(
                    CultureInfo.InvariantCulture,
                    $"the head at {position} is {found.HeadAt(position)}, expected {expected.HeadAt(position)}");
        }

        return null;
    }

    private static string? Streams(ILocalJournal expected, ILocalJournal found)
    {
        var streams = expected.Streams();
        if (!streams.SequenceEqual(found.Streams()))
            return $"the streams are {string.Join(", ", found.Streams())}, expected {string.Join(", ", streams)}";
        return streams
            .Select(stream =>
                Entries("in its stream, entry", expected.ReadStream(stream.Stream, stream.Floor + 1), found.ReadStream(
                    stream.Stream, stream.Floor + 1))
                ?? Entries("in its stream, in place, entry", expected.ReadStream(stream.Stream, stream.Floor + 1), EntryScans.Stream(
                    found, stream.Stream, stream.Floor + 1)))
            .FirstOrDefault(difference => difference is not null);
    }
}
