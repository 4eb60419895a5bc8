// What a walk along causes reads of segments: pages of each entry that it answers, counted; never time.
// Run by `dotnet test`; `--growth` of the benchmarks has the same of millions of entries.
using System.Buffers.Binary;
using System.Security.Cryptography;
using Xunit;
using Xunit.Abstractions;

namespace Refold.Segments.Tests;

public class CausalWalkCostTests(ITestOutputHelper output)
{
    private const int Entries = 60_000, Answer = 10, Apart = Entries / Answer, PageBytes = 4096;

    /// <summary>Of each entry a page of ids, one of its row, one with the name of its stream, and its frame, which may lie in
    /// two.</summary>
    [Fact]
    public async Task AWalk_ReadsFourPagesAnEntry_HoweverFarApartTheyLie()
    {
        var device = new MemoryDevice();
        await using (var filling = SegmentJournal.Open(device, new JournalOptions { Segments = new() { SegmentBytes = 1 << 22 } }))
        {
            for (var from = 0; from < Entries; from += 500)
            {
                await filling.AppendAsync(new AppendRequest(
                    [.. Enumerable.Range(from, 500).Select(number => Samples.Entry("s" + (number % 50), new string('x', 100)) with
                    {
                        Id = Id(number),
                        CausationId = number % Apart == 7 ? (number == 7 ? null : Id(number - Apart)) : Id(number / 2),
                    })]));
            }
        }

        var pages = 0L;
        var last = device.List().Last(name => name.EndsWith(".seg", StringComparison.Ordinal));
        var counted = new WatchedDevice(device, (name, offset, length) =>
        {
            if (!name.EndsWith(".seg", StringComparison.Ordinal) || name == last) return;
            pages += ((offset + length - 1) / PageBytes) - (offset / PageBytes) + 1;
        });
        await using var journal = SegmentJournal.Open(
            counted, new JournalOptions { ReadOnly = true, Segments = new() { Reads = Reads.Copied } });
        // Filters are read once.
        for (var absent = 0; absent < 100; absent++) Assert.Empty(journal.FindById(Id(Entries + absent)));
        pages = 0;
        var causes = journal.Causes(8 + (Apart * (Answer - 1)));
        output.WriteLine($"{pages} pages for {causes.Entries.Count} entries");
        Assert.Equal(Answer, causes.Entries.Count);
        Assert.InRange(pages, Answer, (long)(4.5 * Answer));
    }

    private static Guid Id(int number)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        return new Guid(SHA256.HashData(bytes).AsSpan(0, 16));
    }
}
