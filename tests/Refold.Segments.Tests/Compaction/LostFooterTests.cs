// A segment without a footer is scanned, also where it is not the last: what a compaction makes of it says where its batches lie in the
// batch tree. Run by `dotnet test`.
using Refold.Interop;
using Xunit;

namespace Refold.Segments.Tests;

public class LostFooterTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task ASegmentInTheMiddleWithoutItsFooter_IsCompacted_AndTheTreeGoesOn(int lost)
    {
        var device = new MemoryDevice();
        await using (var journal = SegmentJournal.Open(device, Samples.Small))
        {
            for (var number = 0; number < 30; number++) await journal.Append(Samples.Entry($"s{number % 2}"));
        }

        var names = FileNames.Segments(device);
        Assert.True(names.Count > 5);
        // One, or several that follow one another.
        foreach (var name in names.Skip(1).Take(lost)) Unseal(device, name.ToString());
        Assert.True(SegmentJournal.Verify(device).Ok);
        await using (var journal = SegmentJournal.Open(device, Samples.Small))
        {
            await journal.CompactAsync(new CompactionRequest.DeleteStream("s1"));
            for (var number = 0; number < 30; number++) await journal.Append(Samples.Entry("s2"));
        }

        // Every footer is compared with the frames before it, the batch tree included.
        Assert.Null(SegmentJournal.Verify(device).First);
    }

    private static void Unseal(MemoryDevice device, string name)
    {
        var bytes = device.Content(name);
        var header = Format.SegmentHeaderModule.decode(bytes).ResultValue;
        var trailer = FollowTranslation.Trailer(header, bytes.Length, bytes.AsMemory(bytes.Length - Format.SegmentTrailerModule.bytes))!;
        bytes.AsSpan((int)trailer.FramesEnd).Clear();
        device.Put(name, bytes);
    }
}
