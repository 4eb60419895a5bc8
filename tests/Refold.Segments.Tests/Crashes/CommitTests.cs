// What COMMIT is flushed for: what it says after a power cut at a new opening, a rotation and a close.
// Run by `dotnet test`; FlushControlTests use the scenarios too.
using Xunit;

namespace Refold.Segments.Tests;

public class CommitTests
{
    [Fact]
    public Task ATornTail_OfAJournalThatWasClosedBefore_IsHealed() => TearAfterReopeningAsync(_ => { });

    [Fact]
    public Task ALostSegment_IsNoticed_AfterAPowerCut() => LoseTheLastSegmentAsync(_ => { });

    [Fact]
    public Task DamageInTheLastFlush_OfAClosedJournal_IsNoticed_AfterAPowerCut() => DamageAfterClosingAsync(_ => { });

    /// <summary>After a kill COMMIT names the last frame, so that no damage passes for a torn tail; after a power cut it lags.</summary>
    [Fact]
    public async Task DamageInTheLastFlush_IsRefusedAfterAKill_AndTornAfterAPowerCut()
    {
        var device = Prepared(_ => { });
        await using var journal = CrashStore.Open(device);
        await journal.AppendAsync(CrashStore.Batch("s", 1));
        await journal.AppendAsync(CrashStore.Batch("s", 1));
        var (killed, cut) = (device.AfterKill(), device.AfterCrash(Keep.None));
        Damage(killed);
        Damage(cut);
        var before = killed.Image();
        Assert.Throws<JournalCorruptedException>(() => CrashStore.Open(killed));
        Assert.Equal((false, false), (SegmentJournal.Verify(killed).Ok, SegmentJournal.Verify(killed).Torn));
        Assert.Equal(before, killed.Image());
        Assert.True(SegmentJournal.Verify(cut).Torn);
        await using var healed = CrashStore.Open(cut);
        Assert.Equal(1, healed.Head.Position);
    }

    /// <summary>Closes, opens again, and crashes in an append of several sectors.</summary>
    internal static async Task TearAfterReopeningAsync(Action<SimulatedDevice> prepare)
    {
        var device = Prepared(prepare);
        var oracle = new CrashOracle(CrashStore.Open);
        var journal = (await oracle.OpenAsync(device))!;
        await oracle.AppendAsync(journal, CrashStore.Batch("s", 1), device);
        await journal.DisposeAsync();
        journal = (await oracle.OpenAsync(device))!;
        device.Begun = operation =>
        {
            if (operation.Kind == StorageOperationKind.Flush) device.CrashAt ??= operation.Index;
        };
        await oracle.AppendAsync(journal, CrashStore.Batch("s", 3, 300), device);
        await journal.DisposeAsync();
        for (var seed = 0UL; seed < 50; seed++)
        {
            await using (await oracle.Copy().OpenAsync(device.AfterCrash(Keep.Random(seed))))
            {
                // Judged by being opened.
            }
        }
    }

    /// <summary>Rotates, cuts the power, and loses the segment that was begun.</summary>
    internal static async Task LoseTheLastSegmentAsync(Action<SimulatedDevice> prepare)
    {
        var device = Prepared(prepare);
        await using var journal = SegmentJournal.Open(device, CrashStore.Plain);
        await journal.AppendAsync(CrashStore.Batch("s", 1, 900));
        await journal.AppendAsync(CrashStore.Batch("s", 1, 1200));
        var left = device.AfterCrash(Keep.None);
        if (SegmentsOf(left) is not [.., var last]) throw new CrashViolationException("No segment is left.\n" + left.Story());
        left.Delete(last);
        MustRefuse(left, "a lost segment");
    }

    /// <summary>Closes, cuts the power, and damages what was flushed last.</summary>
    internal static async Task DamageAfterClosingAsync(Action<SimulatedDevice> prepare)
    {
        var device = Prepared(prepare);
        var journal = CrashStore.Open(device);
        await journal.AppendAsync(CrashStore.Batch("s", 1));
        await journal.DisposeAsync();
        var left = device.AfterCrash(Keep.None);
        Damage(left);
        MustRefuse(left, "damage in a closed journal");
    }

    private static SimulatedDevice Prepared(Action<SimulatedDevice> prepare)
    {
        var device = new SimulatedDevice(1);
        prepare(device);
        return device;
    }

    private static List<string> SegmentsOf(SimulatedDevice device) =>
        [.. device.Image().Keys.Where(name => name.EndsWith(".seg", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    /// <summary>Zeros the last 16 bytes that are written.</summary>
    private static void Damage(SimulatedDevice device)
    {
        if (SegmentsOf(device) is not [.., var name])
            throw new CrashViolationException("No segment is left.\n" + device.Story());
        device.Zero(name, device.Image()[name].AsSpan().LastIndexOfAnyExcept((byte)0) - 16, 16);
    }

    private static void MustRefuse(SimulatedDevice device, string what)
    {
        try
        {
            CrashStore.Open(device).DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
        catch (JournalCorruptedException)
        {
            return;
        }

        throw new CrashViolationException($"{what} passes unnoticed.\n{device.Story()}");
    }
}
