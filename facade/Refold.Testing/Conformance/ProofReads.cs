// Roots and proofs of a store beside those of the model: the same answers, and each proof holds.
// Called by the proof cases and by the random sequences.
using System.Globalization;

namespace Refold.Testing;

internal static class ProofReads
{
    /// <summary>Compares the newest root, a batch, and one proof of each kind, picked by a number.</summary>
    public static async Task SameAsync(InMemoryJournal model, IJournal journal, int pick)
    {
        var head = model.Head.Position;
        await SameRootAsync(model, journal, null);
        var size = model.RootAt().Size;
        Expect.Equal(Told(model, head), await ToldAsync(journal, head), "the batch of the head position");
        var (position, at, from) = (1 + (pick * 7919L % (head + 1)), pick * 31L % (size + 1), pick * 17L % (size + 1));
        await SameInclusionAsync(model, journal, position, null);
        await SameInclusionAsync(model, journal, position, at);
        await SameConsistencyAsync(model, journal, from, null);
        await SameConsistencyAsync(model, journal, Math.Min(from, at), Math.Max(from, at));
    }

    // So many of each kind at most, evenly spread.
    private const int Most = 24;

    /// <summary>Compares roots, the places of positions, proofs of entries, and proofs between sizes: all of them in a small journal, in a
    /// larger one some from everywhere.</summary>
    public static async Task SameWholeAsync(InMemoryJournal model, IJournal journal)
    {
        var (first, size) = (model.TreeSize(model.Begin.Position)!.Value, model.RootAt().Size);
        var step = 1 + ((size - first) / Most);
        for (var at = first; at < size; at += step) await SameRootAsync(model, journal, at);
        await SameRootAsync(model, journal, size);
        // Far places leave gaps that nobody walks through.
        List<long> positions = [.. model.ReadAll().Select(entry => entry.Position)];
        var every = 1 + (positions.Count / Most);
        foreach (var position in positions.Where((_, index) => index % every == 0).Concat([0, 1, model.Head.Position + 1]).Distinct())
        {
            Expect.Equal(Told(model, position), await ToldAsync(journal, position), At("the batch at position", position));
            await SameInclusionAsync(model, journal, position, null);
        }

        for (var from = first; from <= size; from += step)
        {
            for (var to = from; to <= size; to += 1 + (to - from)) await SameConsistencyAsync(model, journal, from, to);
        }
    }

    private static async Task SameRootAsync(InMemoryJournal model, IJournal journal, long? size)
    {
        var root = await Expect.Within(journal.RootAtAsync(size).AsTask(), "a root");
        Expect.Equal(model.RootAt(size), root, size is { } at ? At("the root at size", at) : "the root");
    }

    private static async Task SameInclusionAsync(InMemoryJournal model, IJournal journal, long position, long? size)
    {
        var what = At("the proof of position", position) + (size is { } at ? At(" at size", at) : "");
        var expected = await OutcomeAsync(() => model.InclusionProofAsync(position, size), proof => proof.ToJson());
        var found = await OutcomeAsync(
            () => journal.InclusionProofAsync(position, size),
            proof => proof.FindFault(model.RootAt(size)) is { } fault
                ? throw new ConformanceException($"{what}: {fault}")
                : proof.ToJson());
        Expect.Equal(expected, found, what);
    }

    private static async Task SameConsistencyAsync(InMemoryJournal model, IJournal journal, long from, long? to)
    {
        var what = At("the proof from size", from) + (to is { } at ? At(" to", at) : "");
        var expected = await OutcomeAsync(() => model.ConsistencyProofAsync(from, to), Shown);
        var found = await OutcomeAsync(
            () => journal.ConsistencyProofAsync(from, to),
            proof => proof.Shows(model.RootAt(from), model.RootAt(to))
                ? Shown(proof)
                : throw new ConformanceException(what + " shows nothing"));
        Expect.Equal(expected, found, what);

        static string Shown(ConsistencyProof proof) => $"{proof.From} {proof.To} {string.Join(' ', proof.Path)}";
    }

    private static string Told(InMemoryJournal model, long position) => Told(model.BatchAt(position));

    private static async Task<string> ToldAsync(IJournal journal, long position) =>
        Told(await Expect.Within(journal.BatchAtAsync(position).AsTask(), "the place of a batch"));

    private static string Told(BatchPlace? place) => place is null ? "none" : string.Create(
        CultureInfo.InvariantCulture, $"{place.Ordinal} {place.FirstPosition} {place.Head} {place.Latest?.UtcTicks}");

    private static async Task<string> OutcomeAsync<T>(Func<ValueTask<T>> ask, Func<T, string> show)
    {
        try
        {
            return show(await Expect.Within(ask().AsTask(), "a proof"));
        }
        catch (ProofException none)
        {
            return none.Code + ": " + none.Message;
        }
        catch (ArgumentOutOfRangeException outside)
        {
            return "outside: " + outside.ParamName;
        }
    }

    private static string At(string what, long place) => string.Create(CultureInfo.InvariantCulture, $"{what} {place}");
}
