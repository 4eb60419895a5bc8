// The oracle: it notices every kind of broken promise, and takes what is allowed.
// Run by `dotnet test`, on stores that are journals in memory with other contents.
using Xunit;

namespace Refold.Testing.Tests;

public class CrashOracleTests
{
    private static readonly AppendRequest[] Batches =
    [
        .. Enumerable.Range(1, 4).Select(number => CrashStore.Batch("s" + number % 2, 2, number, "key " + number))
    ];

    private readonly SimulatedDevice device = new(1);
    private ILocalJournal next = new InMemoryJournal();

    private static async Task<InMemoryJournal> JournalOf(params AppendRequest[] requests)
    {
        var journal = new InMemoryJournal();
        foreach (var request in requests) await journal.AppendAsync(request);
        return journal;
    }

    /// <summary>An oracle that saw so many batches acknowledged, and the rest submitted without an answer.</summary>
    private async Task<CrashOracle> OracleAsync(int acknowledged)
    {
        var oracle = new CrashOracle(_ => next);
        var journal = await oracle.OpenAsync(device);
        foreach (var batch in Batches[..acknowledged]) await oracle.AppendAsync(journal!, batch, device);
        var silent = new SilentJournal();
        foreach (var batch in Batches[acknowledged..]) Assert.Null(await oracle.AppendAsync(silent, batch, device));
        return oracle;
    }

    private async Task<string> ViolationAsync(CrashOracle oracle, ILocalJournal found)
    {
        next = found;
        return (await Assert.ThrowsAsync<CrashViolationException>(() => oracle.OpenAsync(device))).Message;
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task EverythingAcknowledged_AndAPrefixOfTheRest_IsRight(int found)
    {
        var oracle = await OracleAsync(2);
        next = await JournalOf(Batches[..found]);
        Assert.NotNull(await oracle.OpenAsync(device));
        next = await JournalOf(Batches[..2]);
        if (found > 2)
            Assert.Contains(
                "the head is 4:", (await Assert.ThrowsAsync<CrashViolationException>(() => oracle.OpenAsync(device))).Message,
                StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatWasNotFound_MustNotComeBack()
    {
        var oracle = await OracleAsync(2);
        next = await JournalOf(Batches[..3]);
        Assert.NotNull(await oracle.OpenAsync(device));
        await ViolationAsync(oracle, await JournalOf(Batches));
    }

    [Fact]
    public async Task ALostBatch_IsNoticed() => await ViolationAsync(await OracleAsync(2), await JournalOf(Batches[..1]));

    [Fact]
    public async Task AHoleInTheRest_IsNoticed() =>
        await ViolationAsync(await OracleAsync(2), await JournalOf([.. Batches[..2], Batches[3]]));

    [Fact]
    public async Task AnotherOrder_IsNoticed() =>
        await ViolationAsync(await OracleAsync(4), await JournalOf([Batches[1], Batches[0], .. Batches[2..]]));

    [Fact]
    public async Task AnInventedBatch_IsNoticed() =>
        await ViolationAsync(await OracleAsync(4), await JournalOf([.. Batches, CrashStore.Batch("x", 1)]));

    [Fact]
    public async Task HalfABatch_IsNoticed()
    {
        var half = Batches[3] with { Entries = [.. Batches[3].Entries.Take(1)] };
        await ViolationAsync(await OracleAsync(3), await JournalOf([.. Batches[..3], half]));
    }

    [Fact]
    public async Task AnotherByte_IsNoticed()
    {
        var other = Batches[1] with { Entries = [Batches[1].Entries[0], CrashStore.Entry(Batches[1].Entries[1].Stream.Value, "other")] };
        await ViolationAsync(await OracleAsync(2), await JournalOf(Batches[0], other));
    }

    [Fact]
    public async Task ADeletionThatCameBack_IsNoticed()
    {
        var oracle = await OracleAsync(4);
        var journal = await JournalOf(Batches);
        Assert.True(await oracle.DeleteAsync(journal, "s0", 1, device));
        next = journal;
        Assert.NotNull(await oracle.OpenAsync(device));
        Assert.Contains("entry is 3 s0@1", await ViolationAsync(oracle, await JournalOf(Batches)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatAReaderSaw_MustStay()
    {
        var oracle = await OracleAsync(2);
        oracle.Saw((await JournalOf(Batches[..3])).Head);
        Assert.Contains("a reader saw", await ViolationAsync(oracle, await JournalOf(Batches[..2])), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARefusalWithoutAFault_IsNoticed()
    {
        var oracle = new CrashOracle(_ => throw new JournalOpenException("no"));
        Assert.Contains(
            "does not open", (await Assert.ThrowsAsync<CrashViolationException>(() => oracle.OpenAsync(device))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task AWrongReceipt_IsNoticed()
    {
        var oracle = new CrashOracle(_ => next);
        var other = await JournalOf(Batches[1]);
        Assert.IsType<AppendResult.Appended>(await oracle.AppendAsync(other, Batches[0], device));
        Assert.Contains("was answered with", await ViolationAsync(oracle, await JournalOf(Batches[0])), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AStoreThatFlushesNothing_IsNoticedBySimulation()
    {
        var simulation = CrashStore.Simulation(device => device.SkipsFlush = _ => true);
        var violation = await Assert.ThrowsAsync<CrashViolationException>(() =>
            simulation.EnumerateAsync([new CrashStep.Append(Batches[0])], 5));
        Assert.Contains("seed 5, AfterCrash(", violation.Message, StringComparison.Ordinal);
        Assert.Contains("Write 0000000000000001.0.seg at 128", violation.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheSameSeed_DoesTheSame()
    {
        var simulation = CrashStore.Simulation();
        async Task<string> Story(ulong seed) => (await simulation.ChainAsync(seed, 5)).Story(1000);
        var first = await Story(11);
        Assert.Equal(first, await Story(11));
        Assert.NotEqual(first, await Story(12));
    }
}
