// Copies on a device in memory: what a backup from outside cannot be made to meet.
// Run by `dotnet test`.
using Refold.Interop;
using Xunit;

namespace Refold.Segments.Tests;

public class JournalCopyTests
{
    [Fact]
    public async Task HolesAndADroppedBeginning_AreCopied()
    {
        var device = BehindBase();
        await using (var journal = SegmentJournal.Open(device, Samples.Small))
        {
            JournalEntry At(long position, long version) => new(position, version, 6, Samples.Entry("gone", "{}", "a"), "key");
            (await journal.TryRestoreAsync([At(7, 8), At(9, 9)])).ReceiptOrThrow();
            for (var number = 0; number < 10; number++) await journal.Append(Samples.Entry("s"));
        }

        await using var original = SegmentJournal.Open(device, Samples.ReadOnly);
        Assert.Equal(new StreamInfo(StreamId.Create("gone"), 7, 9), original.Streams()[0]);
        Assert.NotNull(original.FindByKey("kept"));

        var target = new MemoryDevice();
        var copied = JournalCopy.Run(device, target);
        Assert.Null(copied.Torn);
        await using var copy = SegmentJournal.Open(target, Samples.ReadOnly);
        Assert.Equal(original.Everything(), copy.Everything());
        foreach (var key in (string[])["key", "kept"]) Assert.Equal(original.FindByKey(key), copy.FindByKey(key));
        Assert.True(SegmentVerification.Of(target).Ok);
    }

    [Fact]
    public async Task AfterAPowerCut_HasWhatWasAnswered_UnlessAWriterMayBeAlive()
    {
        var device = new MemoryDevice();
        await using var journal = SegmentJournal.Open(device, Samples.Small);
        for (var number = 0; number < 3; number++) await journal.Append(Samples.Entry("s"));
        // The last answer did not reach COMMIT, which was not flushed since.
        var left = device.AfterPowerCut();
        left.Put("lock", []);
        await using (var reader = SegmentJournal.Open(left, Samples.ReadOnly)) Assert.Equal(
            (2, 1), (reader.Head.Position, reader.Unconfirmed));

        var copied = JournalCopy.Run(left, new MemoryDevice());
        Assert.Equal((3, 3, 0), (copied.Head.Position, copied.Entries, copied.Unconfirmed));
        Assert.Equal(journal.Head, copied.Head);

        using (left.TryLock("lock"))
        {
            copied = JournalCopy.Run(left, new MemoryDevice());
            Assert.Equal((2, 2, 1), (copied.Head.Position, copied.Entries, copied.Unconfirmed));
        }

        left.Fails = (operation, _) => operation == "lock" ? new UnauthorizedAccessException() : null;
        Assert.Equal(2, JournalCopy.Run(left, new MemoryDevice()).Head.Position);
        Assert.Equal(2, SegmentTransfer.Read(left).OfType<Transfers.TransferItem.Batch>().Count());
    }

    [Fact]
    public async Task FullDisk_IsAnError()
    {
        var device = new MemoryDevice();
        await using (var journal = SegmentJournal.Open(device, Samples.Small))
            await journal.Append(Samples.Entry("s"));
        var target = new MemoryDevice { Fails = (operation, _) => operation == "write" ? new IOException("No room.") : null };
        Assert.ThrowsAny<IOException>(() => JournalBackup.Make(device, target));
    }

    [Fact]
    public async Task DamageThatStays_IsRefused_AndDamageOfAMomentIsNot()
    {
        var device = new MemoryDevice();
        await using (var journal = SegmentJournal.Open(device, new JournalOptions()))
        {
            for (var number = 0; number < 5; number++) await journal.Append(Samples.Entry("s"));
        }

        var name = device.List().Single(file => file.EndsWith(".seg", StringComparison.Ordinal));
        var bent = device.Content(name);
        bent[200] ^= 1;
        Assert.Throws<JournalCorruptedException>(() => JournalCopy.Run(device.With(name, bent), new MemoryDevice()));

        // A first look that meets what a writer adds half way: when it asks whether the writer went on, it did.
        var momentary = device.With(name, bent);
        await using (var journal = SegmentJournal.Open(device, new JournalOptions())) await journal.Append(Samples.Entry("s"));
        var asked = 0;
        momentary.Fails = (operation, file) =>
        {
            if (operation != "open" || file != Format.FileName.commit || ++asked != 3) return null;
            foreach (var changed in (string[])[name, file])
            {
                using var open = momentary.Open(changed, writable: true);
                open.Write(device.Content(changed), 0);
            }

            return null;
        };
        Assert.Equal(6, JournalCopy.Run(momentary, new MemoryDevice()).Head.Position);
    }

    [Theory]
    [InlineData(2, true)]
    [InlineData(6, true)]
    [InlineData(7, false)]
    [InlineData(long.MaxValue, false)]
    public async Task ABaseMayForgetKeysOfBatchesBehindIt_ButNoneThatAreStillToCome(long keysBefore, bool isInOrder)
    {
        var device = BehindBase(keysBefore);
        Assert.Equal(isInOrder, SegmentJournal.Verify(device).Ok);
        await using (var journal = SegmentJournal.Open(device, new JournalOptions())) await journal.Append(Samples.Entry("s"));
        Assert.Equal(keysBefore <= 7, SegmentJournal.Verify(device).Ok);
    }

    /// <summary>A journal whose first five positions were dropped, with a stream and a key of theirs.</summary>
    private static MemoryDevice BehindBase(long keysBefore = 2)
    {
        var id = new Guid("00112233-4455-6677-8899-aabbccddeeff");
        var head = new Head(5, Hash.Compute("dropped"u8));
        var gone = StreamId.Create("gone");
        var receipt = new Receipt(4, 2, [new StreamVersions(gone, 6, 7)], head);
        var content = new Core.BaseContent(
            new[] { new Core.BaseStream(gone, 7, 7) }.ToFSharpList(),
            new[] { new Core.KnownKey("kept", Hash.Compute("content"u8), receipt.Value) }.ToFSharpList(),
            keysBefore,
            new Core.TreePlace(2, new[] { Hash.Compute("the root of two batches"u8) }.ToFSharpList(), Core.TreePlaceModule.noTime),
            Array.Empty<Core.ProvableSize>().ToFSharpList());
        const int Bytes = 2048;
        var writer = new Core.ByteWriter(Bytes);
        writer.Raw(Format.SegmentHeaderModule.encode(new Format.SegmentHeader(id, 0, 6, 4, head.Hash, Bytes, true)).Span);
        Format.FrameEncoding.write(
            Core.Checksum.seed(id), writer, new Format.Frame(1, 4, 3, 5, 0, Format.FrameBody.NewBase(content), head.Hash));
        writer.Zeros(Bytes - writer.Length);
        return new MemoryDevice().With(new Format.SegmentName(6, 0).ToString(), writer.Written.ToArray());
    }
}
