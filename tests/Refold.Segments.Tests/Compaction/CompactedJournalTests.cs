// Compacted journals answer as they did before: random ones, and one of which a stream is gone.
// Run by `dotnet test`, random ones in the short form; Soak has the long one.
using Xunit;
using Xunit.Abstractions;

namespace Refold.Segments.Tests;

public class CompactedJournalTests(ITestOutputHelper output)
{
    [Fact]
    public Task MergingAndDroppingWhatIsDeleted_ChangesNoAnswer() => HoldsAsync("deleted");

    [Fact]
    public Task DroppingStreams_ChangesNoAnswer_OnceTheyAreDeleted() => HoldsAsync("streams");

    [Fact]
    public Task DroppingTheBeginning_ChangesNoAnswerAboutTheRest() => HoldsAsync("beginning");

    private Task HoldsAsync(string kind) => SegmentSuites.CompactedJournals.HoldsAsync(output, CompactedJournalCase.Kinds, kind);

    [Fact]
    public async Task AStreamOfWhichNothingIsLeft_IsKnown_AndCanBeDeletedFurther()
    {
        var device = new MemoryDevice();
        await using (var journal = SegmentJournal.Open(device, Samples.Small))
        {
            await journal.AppendAsync(new AppendRequest(Samples.Entry("gone"), Samples.Entry("gone"), Samples.Entry("left"))
            {
                IdempotencyKey = "key"
            });
            for (var number = 0; number < 10; number++) await journal.Append(Samples.Entry("left", "0123456789"));
        }

        Receipt? receipt;
        await using (var journal = SegmentJournal.Open(device, Samples.ReadOnly)) receipt = journal.FindByKey("key");
        Assert.NotNull(await device.CompactAsync([Format.CompactionDrop.NewStream("gone")], 0, seals: true));
        await using var opened = SegmentJournal.Open(device, Samples.Small);
        Assert.Equal(OpeningPath.Footers, opened.Opened.Path);
        Assert.Equal(new StreamInfo("gone", 2, 2), opened.Streams()[0]);
        Assert.Equal(receipt, opened.FindByKey("key"));
        Assert.Equal(3, (await opened.Append(Samples.Entry("gone"))).Versions[0].First);
        await opened.DeleteToAsync("gone", 3);
        Assert.Equal(new StreamInfo("gone", 3, 3), opened.Streams()[0]);
        Assert.Equal([], opened.ReadAll(1, 2).Where(entry => entry.Stream == "gone"));
    }
}
