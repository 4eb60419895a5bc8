// Roots and proofs of a store beside those of the model: the same answers, and each proof holds.
// Called by the proof cases and by the random sequences.
using System.Globalization;

namespace Refold.Testing;

internal static class ProofReads
{
    // How many questions are asked at once, as in JournalReads.
    private const int AtOnce = 16;

    // Of a journal that is far away: so many of each kind, evenly spread.
    private const int MostFarAway = 24;

    /// <summary>Compares the newest root, a batch, and one proof of each kind, picked by a number.</summary>
    public static Task SameAsync(InMemoryJournal model, IJournal journal, int pick)
    {
        var (head, size) = (model.Head.Position, model.RootAt().Size);
        var (position, at, from) = (1 + (pick * 7919L % (head + 1)), pick * 31L % (size + 1), pick * 17L % (size + 1));
        return AllAsync(
        [
            () => SameRootAsync(model, journal, null),
            () => SamePlaceAsync(model, journal, head),
            () => SameInclusionAsync(model, journal, position, null),
            () => SameInclusionAsync(model, journal, position, at),
            () => SameConsistencyAsync(model, journal, from, null),
            () => SameConsistencyAsync(model, journal, Math.Min(from, at), Math.Max(from, at)),
        ]);
    }

    /// <summary>Compares all roots, the places of all positions, the proofs of all entries, and those between any two sizes; of a journal
    /// that is far away some from everywhere.</summary>
    public static Task SameWholeAsync(InMemoryJournal model, IJournal journal)
    {
        var (first, size, isFar) = (model.TreeSize(model.Begin.Position)!.Value, model.RootAt().Size, journal is not ILocalJournal);
        List<long> sizes = [.. Spread(Enumerable.Range(0, (int)(size - first)).Select(number => first + number), isFar), size];
        // Far places leave gaps that nobody walks through.
        var positions = Spread(model.ReadAll().Select(entry => entry.Position), isFar).Concat([0, 1, model.Head.Position + 1]).Distinct();
        return AllAsync(
        [
            .. sizes.Select<long, Func<Task>>(at => () => SameRootAsync(model, journal, at)),
            .. positions.SelectMany<long, Func<Task>>(position =>
                [() => SamePlaceAsync(model, journal, position), () => SameInclusionAsync(model, journal, position, null)]),
            .. from begin in sizes
               from end in isFar ? Doubling(begin, size) : sizes
               where begin <= end
               select (Func<Task>)(() => SameConsistencyAsync(model, journal, begin, end)),
        ]);
    }

    private static IEnumerable<long> Spread(IEnumerable<long> places, bool isFar)
    {
        List<long> all = [.. places];
        var every = isFar ? 1 + (all.Count / MostFarAway) : 1;
        return all.Where((_, index) => index % every == 0);
    }

    private static IEnumerable<long> Doubling(long from, long last)
    {
        for (var to = from; to <= last; to += 1 + (to - from)) yield return to;
    }

    private static async Task AllAsync(IEnumerable<Func<Task>> questions)
    {
        foreach (var some in questions.Chunk(AtOnce)) await Task.WhenAll(some.Select(ask => ask()));
    }

    private static async Task SameRootAsync(InMemoryJournal model, IJournal journal, long? size)
    {
        var (root, what) = (model.RootAt(size), size is { } at ? At("the root at size", at) : "the root");
        Expect.Equal(root, await Expect.Within(journal.RootAtAsync(size).AsTask(), "a root"), what);
        if (journal is ILocalJournal local) Expect.Equal(root, local.RootAt(size), "the synchronous twin of " + what);
    }

    private static async Task SamePlaceAsync(InMemoryJournal model, IJournal journal, long position)
    {
        var (expected, what) = (Told(model.BatchAt(position)), At("the batch at position", position));
        Expect.Equal(expected, Told(await Expect.Within(journal.BatchAtAsync(position).AsTask(), "the place of a batch")), what);
        if (journal is ILocalJournal local) Expect.Equal(expected, Told(local.BatchAt(position)), "the synchronous twin of " + what);
        if (model.BatchAt(position)?.Latest is { } latest) await SameHeadAsOfAsync(model, journal, latest);
    }

    // At a time that a batch has, and at the last one before it.
    private static async Task SameHeadAsOfAsync(InMemoryJournal model, IJournal journal, DateTimeOffset latest)
    {
        foreach (var time in latest.Ticks > 0 ? (DateTimeOffset[])[latest, latest.AddTicks(-1)] : [latest])
        {
            var what = FormattableString.Invariant($"the head as of {time:O}");
            var expected = await OutcomeAsync(() => model.HeadAsOfAsync(time), head => head.ToString());
            Expect.Equal(expected, await OutcomeAsync(() => journal.HeadAsOfAsync(time), head => head.ToString()), what);
            if (journal is not ILocalJournal local) continue;
            var twin = await OutcomeAsync(() => ValueTask.FromResult(local.HeadAsOf(time)), head => head.ToString());
            Expect.Equal(expected, twin, "the synchronous twin of " + what);
        }
    }

    private static async Task SameInclusionAsync(InMemoryJournal model, IJournal journal, long position, long? size)
    {
        var what = At("the proof of position", position) + (size is { } at ? At(" at size", at) : "");
        var expected = await OutcomeAsync(() => model.InclusionProofAsync(position, size), proof => proof.ToJson());
        Expect.Equal(expected, await OutcomeAsync(() => journal.InclusionProofAsync(position, size), Shown), what);
        if (journal is ILocalJournal local)
        {
            var twin = await OutcomeAsync(() => ValueTask.FromResult(local.InclusionProof(position, size)), Shown);
            Expect.Equal(expected, twin, "the synchronous twin of " + what);
        }

        string Shown(InclusionProof proof) => proof.FindFault(model.RootAt(size)) is { } fault
            ? throw new ConformanceException($"{what}: {fault}")
            : proof.ToJson();
    }

    private static async Task SameConsistencyAsync(InMemoryJournal model, IJournal journal, long from, long? to)
    {
        var what = At("the proof from size", from) + (to is { } at ? At(" to", at) : "");
        var expected = await OutcomeAsync(() => model.ConsistencyProofAsync(from, to), Told);
        Expect.Equal(expected, await OutcomeAsync(() => journal.ConsistencyProofAsync(from, to), Shown), what);
        if (journal is ILocalJournal local)
        {
            var twin = await OutcomeAsync(() => ValueTask.FromResult(local.ConsistencyProof(from, to)), Shown);
            Expect.Equal(expected, twin, "the synchronous twin of " + what);
        }

        string Shown(ConsistencyProof proof) => proof.Shows(model.RootAt(from), model.RootAt(to))
            ? Told(proof)
            : throw new ConformanceException(what + " shows nothing");

        static string Told(ConsistencyProof proof) => $"{proof.From} {proof.To} {string.Join(' ', proof.Path)}";
    }

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
