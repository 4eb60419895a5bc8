// Deletions of an outbox's stream while messages are sent through it: what comes after the look at the outbox stays.
// Run by `dotnet test`.
using Refold.Segments;
using Xunit;

namespace Refold.Tests.Delivery;

public class OutboxDeletionRaceTests : DispatcherFixture
{
    // Three messages, all confirmed.
    private async Task<(SegmentJournal Journal, MeetingDevice Device)> SettledAsync()
    {
        var device = new MeetingDevice(new MemoryDevice());
        var journal = SegmentJournal.Open(device, Samples.Small);
        await SendAsync(journal, "pay 3");
        await Dispatcher(journal).DeliverDueAsync();
        return (journal, device);
    }

    [Fact]
    public async Task MessagesSentWhileADeletionLooksAtTheOutbox_AreRefusedToIt_OrStay_WheneverTheyCome()
    {
        var (counted, counting) = await SettledAsync();
        var (looks, stayed) = (0, 0);
        await using (counted)
        {
            counting.Reads = 0;
            await new OutboxRetention(counted, [], default).RequireAsync(Till.Payments.Stream);
            looks = counting.Reads;
            // A deletion looks at all: sent at a read that holds the writer, the messages below would wait for ever.
            await SendAsync(counted, "pay 3");
            await Assert.ThrowsAsync<OutboxLossException>(
                () => counted.CompactAsync(new CompactionRequest.DeleteStream(Till.Payments.Stream)));
        }

        for (var look = 1; look <= looks; look++)
        {
            var (journal, device) = await SettledAsync();
            await using var _ = journal;
            device.Reads = 0;
            // Reads of the look at the outbox do not hold up the journal's writer.
            device.Meet = reads =>
            {
                if (reads == look) SendAsync(journal, "pay 3").GetAwaiter().GetResult();
            };
            try
            {
                await journal.CompactAsync(new CompactionRequest.DeleteStream(Till.Payments.Stream));
                stayed++;
            }
            catch (OutboxLossException refused)
            {
                Assert.Equal(4, refused.Number);
            }

            device.Meet = null;
            Assert.Equal([4L, 5L, 6L], journal.ReadStream(Till.Payments.Stream, 4).Select(message => message.Version));
            await Dispatcher(journal).DeliverDueAsync();
            Assert.Equal(6, (await journal.OutboxStatusAsync("payments")).SettledTo);
        }

        Assert.True(stayed > 0, $"No messages came after the look; {looks} reads.");
    }

    /// <summary>Calls back at each read, on its thread.</summary>
    private sealed class MeetingDevice(IStorageDevice device) : IStorageDevice
    {
        private int reads;

        public int Reads
        {
            get => Volatile.Read(ref reads);
            set => Volatile.Write(ref reads, value);
        }

        public Action<int>? Meet { get; set; }

        public string Place => device.Place;

        public bool Exists => device.Exists;

        public void CreateDirectory() => device.CreateDirectory();

        public IReadOnlyList<string> List() => device.List();

        public IStorageFile Open(string name, bool writable) => new MeetingFile(this, device.Open(name, writable));

        public IStorageFile Create(string name) => new MeetingFile(this, device.Create(name));

        public void Rename(string from, string to) => device.Rename(from, to);

        public void Delete(string name) => device.Delete(name);

        public void FlushDirectory() => device.FlushDirectory();

        public IStorageLock? TryLock(string name) => device.TryLock(name);

        private sealed class MeetingFile(MeetingDevice device, IStorageFile file) : IStorageFile
        {
            public long Length => file.Length;

            public int Read(Span<byte> destination, long offset)
            {
                var reads = Interlocked.Increment(ref device.reads);
                device.Meet?.Invoke(reads);
                return file.Read(destination, offset);
            }

            public void Write(ReadOnlySpan<byte> bytes, long offset) => file.Write(bytes, offset);

            public void Flush() => file.Flush();

            public void Dispose() => file.Dispose();
        }
    }
}
