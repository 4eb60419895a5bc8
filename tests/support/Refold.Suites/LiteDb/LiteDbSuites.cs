// The suites of LiteDB journals: power cuts, kills and flipped bits.
// Run by the tests of Refold.LiteDb in the short form, and by Soak.
using Xunit;

namespace Refold.Suites;

internal static class LiteDbSuites
{
    /// <summary>A seed chooses its kind of loss by the remainder; a case has twenty cuts.</summary>
    public static Suite Cuts { get; } = new("litedb-power-cuts", 15, 500, PowerCuts.CutAsync);

    /// <summary>A seed chooses its kind of loss by the remainder; a case has twenty crashes in a row, in the short form eight.</summary>
    public static Suite Chains { get; } = new(
        "litedb-crash-chains", 5, 100, (tally, seed) => PowerCuts.ChainAsync(tally, seed, crashes: 20))
    {
        Short = (tally, seed) => PowerCuts.ChainAsync(tally, seed, crashes: 8),
    };

    /// <summary>A batch as large as a batch may be, on a new file, each entry in a stream of its own; in the short form an eighth of
    /// it.</summary>
    public static Suite LargestBatch { get; } = new("litedb-largest-batch", 1, 1, (_, _) => LargeBatchAsync(65_536))
    {
        Short = (_, _) => LargeBatchAsync(65_536 / 8),
    };

    /// <summary>An import of 200,000 entries, with less memory than the file has bytes; in the short form half of it.</summary>
    public static Suite LongImport { get; } = new("litedb-long-import", 1, 1, (tally, _) => Refold.Suites.LongImport.RunAsync(tally, 400))
    {
        Short = (tally, _) => Refold.Suites.LongImport.RunAsync(tally, 200),
    };

    /// <summary>A seed chooses what is done by the remainder; a case fails each operation of it, in the short form one of seven.</summary>
    public static Suite MaintenanceFaults { get; } = new(
        "litedb-maintenance-faults",
        Refold.Suites.MaintenanceFaults.Kinds.Count,
        Refold.Suites.MaintenanceFaults.Kinds.Count,
        (tally, seed) => Refold.Suites.MaintenanceFaults.RunAsync(tally, seed, every: 1))
    {
        Short = (tally, seed) => Refold.Suites.MaintenanceFaults.RunAsync(tally, seed, every: 7),
    };

    /// <summary>A case kills ten processes; in the short form three.</summary>
    public static Suite Kills { get; } = new("litedb-kills", 1, 50, (tally, seed) => KilledWriter.RunAsync(tally, seed, kills: 10))
    {
        Short = (tally, seed) => KilledWriter.RunAsync(tally, seed, kills: 3),
    };

    /// <summary>A seed chooses what is damaged by the remainder; a case flips 40 bits, in the short form 8.</summary>
    public static Suite BitsRead { get; } = new("litedb-bits-read", 5, 50, (tally, seed) => FlippedBits.ReadAsync(tally, seed))
    {
        Short = (tally, seed) => FlippedBits.ReadAsync(tally, seed, 8),
        Missing = tally => 10 * tally["noticed"] >= FlippedBits.Parts.Sum(part => tally[part.ToString()])
            ? null
            : "too few bits were noticed",
    };

    /// <summary>A seed chooses what is damaged by the remainder; a case does 20 damages, in the short form 4.</summary>
    public static Suite Damages { get; } = new("litedb-damages", 5, 25, (tally, seed) => FlippedBits.DamageAsync(tally, seed))
    {
        Short = (tally, seed) => FlippedBits.DamageAsync(tally, seed, 4),
        Missing = tally => tally["noticed"] > 0 ? null : "no damage was noticed",
    };

    /// <summary>A seed chooses what is damaged by the remainder; a case flips 40 bits, in the short form 4.</summary>
    public static Suite BitsUsed { get; } = new("litedb-bits-used", 5, 100, (tally, seed) => FlippedBits.UseAsync(tally, seed))
    {
        Short = (tally, seed) => FlippedBits.UseAsync(tally, seed, 4),
        Missing = tally =>
            tally["verify found"] > 0
                || ((string[])["verify", "copy", "compact", "append"]).Any(name => tally[name + " refused"] > 0)
                ? null : "no bit was noticed",
    };

    public static IReadOnlyList<Suite> All { get; } =
    [
        Cuts, Chains, LargestBatch, LongImport, MaintenanceFaults, Kills, BitsRead, Damages, BitsUsed,
    ];

    private static async Task LargeBatchAsync(int count)
    {
        await using var journal = LiteDbJournal.Open(new SimulatedFiles());
        var request = new AppendRequest([.. Enumerable.Range(0, count).Select(number => Samples.Entry("s" + number))])
        {
            IdempotencyKey = "k"
        };
        var receipt = await journal.AppendAsync(request);
        Assert.Equal((count, count), (receipt.Versions.Count, receipt.LastPosition));
        Assert.Equal(receipt, journal.FindByKey("k"));
        Assert.Equal(count, journal.Streams().Count);
    }
}
