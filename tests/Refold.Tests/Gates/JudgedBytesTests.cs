// Demanded gates and the bytes that are committed: what is judged is what is there, and a bypass is one of the entries beside it.
// Run by `dotnet test`.
using System.Text;
using Xunit;

namespace Refold.Tests.Gates;

public class JudgedBytesTests
{
    private static readonly CancellationToken ct = CancellationToken.None;

    private static readonly JournalOptions Asking = new() { RequiredGates = RequiredGateTests.House };

    public static TheoryData<string> All => Stores.All;

    private static AppendRequest Request(string word) => new(Samples.Entry("a", $"\"{word}\""));

    private static T Failure<T>(AppendResult result)
        where T : AppendFailure => Assert.IsType<T>(Assert.IsType<AppendResult.NotAppended>(result).Failure);

    /// <summary>A bypass says which entries it let through.</summary>
    [Theory]
    [MemberData(nameof(All))]
    public async Task ABypassOfOtherEntries_LetsNothingThrough_OfABatchThatLostSomeNobodyCanTell(string store)
    {
        await using var source = new InMemoryJournal();
        await source.AppendAsync(Request("forbidden") with { Bypass = RequiredGateTests.House.Bypass("n", "j", "a") }, ct);
        var record = source.ReadAll().Last();
        var other = Request("forbidden, and more").Entries[0];
        await using var journal = Stores.Open(store, Asking);
        List<JournalEntry> forged = [new JournalEntry(1, 1, 1, other), record];
        Failure<AppendFailure.Denied>(await journal.TryRestoreAsync(forged, ct));
        Assert.Equal(0, journal.Head.Position);
        await journal.RestoreAsync([record], ct);
        Assert.Equal(2, journal.Head.Position);
    }

    /// <summary>The record of a bypass is one of the set only where the set has its records.</summary>
    [Theory]
    [MemberData(nameof(All))]
    public async Task ABypassInTheStreamOfOtherGates_LetsNothingThrough(string store)
    {
        await using var source = new InMemoryJournal();
        await source.AppendAsync(Request("forbidden") with { Bypass = RequiredGateTests.House.Bypass("n", "j", "a") }, ct);
        var batch = source.ReadAll().ToList();
        var elsewhere = new EntryData("$gates/others", batch[1].Type, batch[1].Payload) { Role = EntryRole.Control };
        await using var journal = Stores.Open(store, Asking);
        Failure<AppendFailure.Denied>(await journal.TryRestoreAsync([batch[0], new JournalEntry(2, 1, 1, elsewhere)], ct));
        Assert.Equal(0, journal.Head.Position);
        await journal.RestoreAsync(batch, ct);
        Assert.Equal(source.Head, journal.Head);
    }

    /// <summary>Of streams that begin with $ only what Refold writes of its own work gets through unasked, bypass or none.</summary>
    [Theory]
    [MemberData(nameof(All))]
    public async Task AnEventAmongOwnRecords_IsAskedAbout_AndABypassOfItCounts(string store)
    {
        static JournalEntry Own(long position, long version, string stream, EntryRole role) => new(
            position, version, 1, new EntryData(stream, "T", "\"forbidden\""u8.ToArray()) { Role = role });

        await using var journal = Stores.Open(store, Asking);
        List<JournalEntry> mixed = [Own(1, 1, "$consumer/c", EntryRole.Control), Own(2, 1, "$outbox/o", EntryRole.Message)];
        Failure<AppendFailure.Denied>(await journal.TryRestoreAsync(mixed, ct));
        Failure<AppendFailure.Denied>(await journal.TryRestoreAsync([Own(1, 1, "$run/r", EntryRole.Event)], ct));
        // No request reaches these streams, with a bypass or without one.
        var request = new AppendRequest(new EntryData("$run/r", "T", "\"forbidden\""u8.ToArray()));
        Failure<AppendFailure.SystemStream>(await journal.TryAppendAsync(request, ct));
        var around = request with { Bypass = RequiredGateTests.House.Bypass("n", "j", "a") };
        Failure<AppendFailure.SystemStream>(await journal.TryAppendAsync(around, ct));
        Assert.Equal(0, journal.Head.Position);
        await journal.RestoreAsync([Own(1, 1, "$consumer/c", EntryRole.Control)], ct);
        Assert.Equal(1, journal.Head.Position);
    }

    /// <summary>What is judged is what is appended, though the caller's bytes became others meanwhile.</summary>
    [Theory]
    [MemberData(nameof(All))]
    public async Task TheGatesSee_TheBytesThatAreAppended(string store)
    {
        var seen = new List<string>();
        var reading = new GateSet<EncodedBatch>("reading").Add(new("read", "", batch =>
        {
            seen.Add(Encoding.UTF8.GetString(batch.Payload(0).Span));
            return null;
        }));
        await using var journal = Stores.Open(store, new() { RequiredGates = reading });
        var bytes = "\"bad!\""u8.ToArray();
        var batch = new AppendRequest(new EntryData("a", "T", bytes) { Tags = ["t"] }).Encode();
        "\"fine\""u8.CopyTo(bytes);
        await journal.TryAppendAsync(batch, ct);
        Assert.Equal(["\"bad!\""], seen);
        Assert.Equal("\"bad!\"", Encoding.UTF8.GetString(journal.ReadAll().Single().Payload.Span));

        // So with an entry that is a view of bytes which its caller uses again, also while the gates look.
        var canonical = new JournalEntry(2, 2, 2, new EntryData("a", "T", "\"good\""u8.ToArray())).ToCanonicalBytes();
        var restored = JournalEntry.TryRead(2, 2, 2, canonical)!;
        seen.Clear();
        var restoring = journal.TryRestoreAsync([restored], ct);
        Array.Fill(canonical, (byte)'x');
        Assert.IsType<AppendResult.Appended>(await restoring);
        Assert.Equal(["\"good\""], seen);
        Assert.Equal("\"good\"", Encoding.UTF8.GetString(journal.ReadAll().Last().Payload.Span));
    }
}
