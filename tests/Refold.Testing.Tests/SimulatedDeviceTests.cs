// The simulated device: what reads see, what is durable, what crashes leave, and how it fails.
// Run by `dotnet test`.
using System.Text;
using Refold.Segments;
using Xunit;

namespace Refold.Testing.Tests;

public class SimulatedDeviceTests
{
    private const int Sector = 512;

    private static SimulatedDevice New()
    {
        var device = new SimulatedDevice(7);
        device.CreateDirectory();
        return device;
    }

    /// <summary>A device with one durable file of so many sectors of a letter.</summary>
    private static (SimulatedDevice Device, IStorageFile File) WithFile(int sectors, char letter = 'a')
    {
        var device = New();
        var file = device.Create("f");
        file.Write(Bytes(sectors, letter), 0);
        file.Flush();
        device.FlushDirectory();
        return (device, file);
    }

    private static byte[] Bytes(int sectors, char letter) => Encoding.ASCII.GetBytes(new string(letter, sectors * Sector));

    /// <summary>The letters of a file's sectors; fails for a sector that is not all of one letter.</summary>
    private static string Letters(SimulatedDevice device) =>
        string.Concat(device.Image()["f"].Chunk(Sector).Select(sector => (char)Assert.Single(sector.Distinct())));

    private static HashSet<string> LettersAfterCrashes(SimulatedDevice device) =>
        [.. Enumerable.Range(0, 200).Select(seed => Letters(device.AfterCrash(Keep.Random((ulong)seed))))];

    [Fact]
    public void WhatIsNotFlushed_IsSeenByReads_AndLostOrKeptByACrash()
    {
        var (device, file) = WithFile(2);
        file.Write(Bytes(1, 'b'), 0);
        Assert.Equal("ba", Letters(device));
        Assert.Equal("aa", Letters(device.AfterCrash(Keep.None)));
        Assert.Equal("ba", Letters(device.AfterCrash(Keep.All)));
        file.Flush();
        Assert.Equal("ba", Letters(device.AfterCrash(Keep.None)));
    }

    [Fact]
    public void ACrash_KeepsAnySubsetOfSectors_EachAsOneOfItsVersions()
    {
        var (device, file) = WithFile(3);
        file.Write(Bytes(2, 'b'), 0);
        file.Write(Bytes(1, 'c'), 0);
        var left = LettersAfterCrashes(device);
        Assert.Equal(["aaa", "aba", "baa", "bba", "caa", "cba"], left.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void AGrowingFile_HasItsOldLengthItsNewOneOrOneBetween_AndZerosWhereASectorIsMissing()
    {
        var (device, file) = WithFile(1);
        file.Write(Bytes(2, 'b'), Sector);
        Assert.Equal(["a", "a\0", "a\0\0", "a\0b", "ab", "ab\0", "abb"], LettersAfterCrashes(device).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Names_AreDurableOnlyAfterAFlushOfTheDirectory_InAnySubset()
    {
        var device = New();
        device.Create("kept");
        device.FlushDirectory();
        device.Create("x");
        device.Delete("kept");
        string Names(Keep keep) => string.Join(' ', device.AfterCrash(keep).List());
        Assert.Equal("kept", Names(Keep.None));
        Assert.Equal("x", Names(Keep.All));
        Assert.Equal(
            ["", "kept", "kept x", "x"],
            Enumerable.Range(0, 50).Select(seed => Names(Keep.Random((ulong)seed))).Distinct().Order(StringComparer.Ordinal));
        device.FlushDirectory();
        Assert.Equal("x", Names(Keep.None));
    }

    [Fact]
    public void ARename_HappenedOrNot_AndTheFileHasOneName()
    {
        var (device, _) = WithFile(1);
        device.Rename("f", "g");
        device.Rename("g", "h");
        var left = Enumerable.Range(0, 50).Select(seed => Assert.Single(device.AfterCrash(Keep.Random((ulong)seed)).Image()));
        Assert.Equal(["f", "g", "h"], left.Select(file => file.Key).Distinct().Order(StringComparer.Ordinal));
        Assert.All(left, file => Assert.Equal(Bytes(1, 'a'), file.Value));
        Assert.Throws<IOException>(() => device.Create("h"));
    }

    [Fact]
    public void AKilledProcess_LeavesTheCache_WhichAPowerCutMayStillTake()
    {
        var (device, file) = WithFile(1);
        file.Write(Bytes(1, 'b'), 0);
        device.Create("x");
        var next = device.AfterKill();
        Assert.Equal("b", Letters(next));
        Assert.Equal(["f", "x"], next.List());
        Assert.Equal("a", Letters(next.AfterCrash(Keep.None)));
        Assert.Equal(["f"], next.AfterCrash(Keep.None).List());
        next.FlushDirectory();
        next.Open("f", writable: true).Flush();
        Assert.Equal("b", Letters(next.AfterCrash(Keep.None)));
        Assert.Equal(["f", "x"], next.AfterCrash(Keep.None).List());
    }

    [Fact]
    public void AFailedFlush_DropsSectors_ThatReadsGoOnShowing_AndTheNextFlushSucceeds()
    {
        var left = new HashSet<string>();
        for (var seed = 0UL; seed < 40; seed++)
        {
            var device = new SimulatedDevice(seed);
            device.CreateDirectory();
            var file = device.Create("f");
            file.Write(Bytes(2, 'a'), 0);
            file.Flush();
            device.FlushDirectory();
            file.Write(Bytes(2, 'b'), 0);
            device.Faults = new StorageFaultPlan().At(device.OperationCount, StorageFault.Fails).Next;
            Assert.Throws<IOException>(file.Flush);
            Assert.Equal(1, device.FaultCount);
            Assert.Equal("bb", Letters(device));
            file.Flush();
            left.Add(Letters(device.AfterCrash(Keep.All)));
            device.Evict();
            Assert.Contains(Letters(device), left);
        }

        Assert.Equal(["aa", "ab", "ba", "bb"], left.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void AFailedFlushOfTheDirectory_MakesEachChangeDurableOrTakesItBack()
    {
        var left = new HashSet<string>();
        for (var seed = 0UL; seed < 60; seed++)
        {
            var device = new SimulatedDevice(seed);
            device.CreateDirectory();
            device.Create("old");
            device.FlushDirectory();
            device.Create("new");
            device.Delete("old");
            device.Faults = new StorageFaultPlan().At(device.OperationCount, StorageFault.Fails).Next;
            Assert.Throws<IOException>(device.FlushDirectory);
            var names = string.Join(' ', device.List());
            Assert.Equal(names, string.Join(' ', device.AfterCrash(Keep.None).List()));
            left.Add(names);
        }

        Assert.Equal(["", "new", "new old", "old"], left.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void AShortWrite_WritesAPart()
    {
        var (device, file) = WithFile(1);
        device.Faults = new StorageFaultPlan().At(device.OperationCount, StorageFault.WritesShort).Next;
        Assert.Throws<IOException>(() => file.Write(Bytes(1, 'b'), 0));
        var text = Encoding.ASCII.GetString(device.Image()["f"]);
        Assert.Equal(new string('b', text.LastIndexOf('b') + 1), text.TrimEnd('a'));
        Assert.Equal(Sector, text.Length);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AFullDevice_RefusesToGrow_AndTakesMoreWhenThereIsRoom(bool allocatesAtFlush)
    {
        var (device, file) = WithFile(2);
        (device.Capacity, device.AllocatesAtFlush) = (3 * Sector, allocatesAtFlush);
        var other = device.Create("g");
        var refused = Assert.Throws<IOException>(() =>
        {
            other.Write(Bytes(2, 'x'), 0);
            other.Flush();
        });
        Assert.Contains("No space", refused.Message, StringComparison.Ordinal);
        file.Write(Bytes(2, 'b'), 0);
        file.Flush();
        device.Delete("g");
        device.FlushDirectory();
        other = device.Create("h");
        other.Write(Bytes(1, 'x'), 0);
        other.Flush();
    }

    [Fact]
    public void AReadThatFails_FailsOnce()
    {
        var (device, file) = WithFile(1);
        device.Faults = new StorageFaultPlan().AtRead(1).Next;
        var bytes = new byte[4];
        Assert.Equal(4, file.Read(bytes, 0));
        Assert.Throws<IOException>(() => file.Read(bytes, 0));
        Assert.Equal(2, file.Read(bytes, Sector - 2));
    }

    [Fact]
    public void ALock_ExcludesOthers_AndEndsWithTheProcess()
    {
        var device = New();
        using (var held = device.TryLock("lock"))
        {
            Assert.NotNull(held);
            Assert.Null(device.TryLock("lock"));
            Assert.NotNull(device.AfterKill().TryLock("lock"));
            Assert.NotNull(device.AfterCrash(Keep.None).TryLock("lock"));
        }

        Assert.NotNull(device.TryLock("lock"));
    }

    [Fact]
    public void AtItsCrashPoint_TheDeviceStops_WithTheOperationBegun()
    {
        var (device, file) = WithFile(1);
        device.CrashAt = device.OperationCount + 1;
        file.Write(Bytes(1, 'b'), 0);
        Assert.False(device.HasStopped);
        Assert.Throws<SimulatedCrashException>(() => file.Write(Bytes(1, 'c'), 0));
        Assert.True(device.HasStopped);
        Assert.Throws<SimulatedCrashException>(file.Flush);
        Assert.Throws<SimulatedCrashException>(() => device.List());
        Assert.Throws<SimulatedCrashException>(() => file.Read(new byte[1], 0));
        Assert.Equal(["a", "b", "c"], LettersAfterCrashes(device).Order(StringComparer.Ordinal));
        Assert.Contains("Write f at 0, 512 bytes", device.AfterKill().Story(), StringComparison.Ordinal);
    }

    [Fact]
    public void GarbledBlocks_AreThoseWithUnflushedBytes_FlushedBytesInThemIncluded()
    {
        var (device, file) = WithFile(16);
        file.Write(Bytes(1, 'b'), 0);
        var left = Enumerable.Range(0, 20)
            .Select(seed => device.AfterCrash(Keep.Random((ulong)seed) with { GarblesBlocks = true }).Image()["f"])
            .ToList();
        Assert.All(left, bytes => Assert.Equal(Bytes(8, 'a'), bytes[(8 * Sector)..]));
        Assert.Contains(left, bytes => bytes[(7 * Sector)..(8 * Sector)].Distinct().Count() > 10);
        Assert.Contains(left, bytes => bytes[Sector..].All(value => value == 'a'));
    }

    [Fact]
    public void Damage_IsSeenByReads_AndOutlastsFlushes()
    {
        var (device, file) = WithFile(2);
        device.FlipBit("f", 3, 0);
        device.Zero("f", Sector, Sector);
        file.Flush();
        var bytes = device.AfterCrash(Keep.None).Image()["f"];
        Assert.Equal(((byte)('a' ^ 1), (byte)'a', (byte)0), (bytes[3], bytes[4], bytes[Sector]));
        device.LoseFile("f");
        Assert.Empty(device.List());
    }
}
