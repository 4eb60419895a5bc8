// Rows of folding a million entries of one stream to a state.
// Part of the tool's own rows.
using System.Text.Json;

namespace Refold.Bench;

internal static class FoldRows
{
    // Entries folded in the round that only warms up.
    private const int Warm = 20_000;

    public static IEnumerable<Row> All =>
    [
        new(
            "fold.binary", "Folding one stream whose codec reads and writes spans against walking its frames in place", "entries/s",
            Better.Larger, "walk in place", 0.4, Binary),
        new(
            "fold.json", "Folding one stream of JSON events against System.Text.Json decoding the same payloads", "entries/s",
            Better.Larger, "System.Text.Json", 0.5, JsonCodec),
    ];

    private static Figures Binary(BenchSession session)
    {
        var made = MadeJournal.OfOneStream(session);
        using var opened = new MadeJournal.Closing(made.Open());
        opened.Journal.FoldAsync(Payloads.One, Payloads.Binary, Warm).Wait();
        return Measure.Interleaved(
            session.Rounds,
            () => Measure.Rate(made.Entries, () => opened.Journal.FoldAsync(Payloads.One, Payloads.Binary).Wait()),
            () => Measure.Rate(made.Entries, () => opened.Journal.ScanAll((in EntryView entry) => entry.Payload.Length >= 0)));
    }

    private static Figures JsonCodec(BenchSession session)
    {
        var made = MadeJournal.OfPayments(session);
        using var opened = new MadeJournal.Closing(made.Open());
        opened.Journal.FoldAsync(Payloads.One, Payloads.Account, Warm).Wait();
        byte[][] payloads = [.. Payloads.Payments(10_000).Select(entry => entry.Payload.ToArray())];
        return Measure.Interleaved(
            session.Rounds,
            () => Measure.Rate(made.Entries, () => opened.Journal.FoldAsync(Payloads.One, Payloads.Account).Wait()),
            () => Measure.Rate(made.Entries, () => Decode(payloads, made.Entries)));
    }

    /// <summary>Allocated by folding an entry whose codec takes bytes as they are.</summary>
    public static double BinaryBytes(BenchSession session) => Allocated(session, MadeJournal.OfOneStream(session), Payloads.Binary);

    /// <summary>Allocated by folding an entry of JSON.</summary>
    public static double JsonBytes(BenchSession session) => Allocated(session, MadeJournal.OfPayments(session), Payloads.Account);

    private static double Allocated<TCommand, TEvent>(
        BenchSession session, MadeJournal made, Aggregate<long, TCommand, TEvent, string> aggregate)
    {
        using var opened = new MadeJournal.Closing(made.Open());
        return Measure.Allocated(session.Rounds, made.Entries, () => opened.Journal.FoldAsync(Payloads.One, aggregate).Wait());
    }

    private static long sink;

    private static void Decode(byte[][] payloads, int count)
    {
        long total = 0;
        for (int entry = 0; entry < count; entry++)
            total += JsonSerializer.Deserialize(payloads[entry % payloads.Length], PaidJson.Default.Paid)!.Amount;
        sink = total;
    }
}
