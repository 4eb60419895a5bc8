// A process that kills itself with SIGKILL before, or in the middle of, a chosen operation on its files.
// Started by KilledProcessTests with: directory, what to do, number of the operation. Says on standard output what was answered.
using System.Diagnostics;
using System.Globalization;
using Refold.Segments;

namespace Refold.Suites;

internal static class KilledProcess
{
    /// <summary>What it appends before the operations count: position and payload agree, so that each entry can be checked.</summary>
    public const int Entries = 12;

    /// <summary>The first argument of the process.</summary>
    public const string Verb = "work-on-segments";

    public static async Task<int> RunAsync(string[] arguments)
    {
        if (arguments is not [var directory, var work, var operation]) return 2;
        var device = new SelfKillingDevice(new DirectoryDevice(directory), long.Parse(operation, CultureInfo.InvariantCulture));
        await using var journal = SegmentJournal.Open(device, CrashStore.Small);
        for (var number = 0; number < Entries; number++) await AppendAsync(journal);
        // One segment to replace, so that there are not more steps than there are kinds of them.
        if (work == "delete") await journal.CompactAsync(new CompactionRequest.Merge { MaxBytes = 100_000 });
        device.IsArmed = true;
        switch (work)
        {
            case "rotate":
                // Large enough for a segment of its own.
                await AppendAsync(journal, 2500);
                break;
            case "merge":
                await journal.CompactAsync(new CompactionRequest.Merge { MaxBytes = 100_000 });
                break;
            case "retain":
                await journal.CompactAsync(new CompactionRequest.RetainFrom(8));
                break;
            case "delete":
                await journal.CompactAsync(new CompactionRequest.DeleteStream("odd"));
                break;
            case "checkpoint":
                for (var number = 0; number < 4; number++) await AppendAsync(journal);
                await journal.DisposeAsync();
                return 0;
            default:
                return 2;
        }

        await AppendAsync(journal);
        device.IsArmed = false;
        return 0;
    }

    /// <summary>The stream of the entry at a position.</summary>
    public static string StreamAt(long position) => position % 2 == 1 ? "odd" : "even";

    private static async Task AppendAsync(SegmentJournal journal, int payloadBytes = 200)
    {
        var position = journal.Head.Position + 1;
        var text = position.ToString(CultureInfo.InvariantCulture);
        await journal.AppendAsync(new AppendRequest(CrashStore.Entry(StreamAt(position), text + " " + new string('x', payloadBytes)))
        {
            IdempotencyKey = text
        });
        await Console.Out.WriteLineAsync("ack " + text);
        await Console.Out.FlushAsync();
    }

    /// <summary>Files of another device, until an operation that changes something is the last of this process.</summary>
    private sealed class SelfKillingDevice(IStorageDevice device, long last) : IStorageDevice
    {
        private long count;

        public bool IsArmed { get; set; }

        public string Place => device.Place;

        public bool Exists => device.Exists;

        public void CreateDirectory() => device.CreateDirectory();

        public IReadOnlyList<string> List() => device.List();

        public IStorageFile Open(string name, bool writable) => new SelfKillingFile(device.Open(name, writable), this);

        public IStorageFile Create(string name)
        {
            Count();
            return new SelfKillingFile(device.Create(name), this);
        }

        public void Rename(string from, string to)
        {
            Count();
            device.Rename(from, to);
        }

        public void Delete(string name)
        {
            Count();
            device.Delete(name);
        }

        public void FlushDirectory()
        {
            Count();
            device.FlushDirectory();
        }

        public IStorageLock? TryLock(string name) => device.TryLock(name);

        /// <summary>Ends the process where it is this operation's turn, once what is given was done.</summary>
        public void Count(Action? before = null)
        {
            if (!IsArmed || Interlocked.Increment(ref count) - 1 != last) return;
            before?.Invoke();
            using var process = Process.GetCurrentProcess();
            process.Kill();
            Thread.Sleep(Timeout.Infinite);
        }
    }

    private sealed class SelfKillingFile(IStorageFile file, SelfKillingDevice device) : IStorageFile
    {
        public long Length => file.Length;

        public int Read(Span<byte> destination, long offset) => file.Read(destination, offset);

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            var half = bytes[..(bytes.Length / 2)].ToArray();
            device.Count(() => file.Write(half, offset));
            file.Write(bytes, offset);
        }

        public void Flush()
        {
            device.Count();
            file.Flush();
        }

        public void Dispose() => file.Dispose();
    }
}
