// Whether the places that documents say of one name are those of its entries: both in order, compared by a sum, so that a name costs
// the same however many entries it has. Used by DerivedDocuments.
using System.Numerics;

namespace Refold.LiteDb;

/// <summary>The places of one name, as they have to be and as they are.</summary>
internal sealed class PlaceFacts
{
    private long expected, found;
    private ulong expectedSum, foundSum;

    /// <summary>Whether what was found is what was expected.</summary>
    public bool AreFound => expected == found && expectedSum == foundSum;

    /// <summary>Takes the next place that an entry has.</summary>
    public void Expect(EntryPlace place) => (expected, expectedSum) = (expected + 1, Join(expectedSum, place));

    /// <summary>Takes the next places that a document says.</summary>
    public void Find(ReadOnlySpan<EntryPlace> places)
    {
        foreach (var place in places) (found, foundSum) = (found + 1, Join(foundSum, place));
    }

    // Each step is one to one, for the sum and for the place.
    private static ulong Join(ulong sum, EntryPlace place) => Mix(Mix(Mix(sum, place.Number), place.Position), place.Block);

    private static ulong Mix(ulong sum, long number) => unchecked(BitOperations.RotateLeft(sum ^ (ulong)number, 29) * 0x9E3779B97F4A7C15);
}
