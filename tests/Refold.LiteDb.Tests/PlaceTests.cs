// One writer at a time, whatever is done to its files: .NET's locks are switched off, files or the directory are taken away; and errors of
// the system by their own names. Run by `dotnet test`.
using System.Diagnostics;
using Refold.LiteDb.Storage;
using Xunit;

namespace Refold.LiteDb;

public sealed class PlaceTests : IDisposable
{
    private readonly TemporaryDirectory temporary = new();

    private string Place => Path.Combine(Directory.CreateDirectory(temporary.File("here")).FullName, "j.db");

    public void Dispose() => temporary.Dispose();

    [Fact]
    public async Task APlaceThatIsLostBetweenTheFlushAndTheAnswer_IsNotAcknowledged()
    {
        var files = new SimulatedFiles();
        await using var journal = LiteDbJournal.Open(files);
        await journal.Append(Samples.Entry("s"));
        var isLost = false;
        files.Done = operation =>
        {
            if (isLost || operation is not { Verb: FileVerb.Flush, Role: FileRole.Log }) return;
            isLost = true;
            files.Delete(FileRole.Data);
        };
        var unknown = Assert.IsType<AppendResult.OutcomeUnknown>(await journal.TryAppendAsync(new AppendRequest(Samples.Entry("s"))));
        Assert.True(isLost);
        Assert.Contains("renamed, replaced or removed", unknown.Cause.Message, StringComparison.Ordinal);
        Assert.IsType<AppendFailure.Unavailable>(
            Assert.IsType<AppendResult.NotAppended>(await journal.TryAppendAsync(new AppendRequest(Samples.Entry("s")))).Failure);
    }

    [Fact]
    public async Task TheSwitchOfDotNet_InTheSecondProcess_LetsNoSecondWriterIn()
    {
        await using var journal = LiteDbJournal.Open(Place);
        using var second = Start();
        Assert.Null(await second.StandardOutput.ReadLineAsync());
        Assert.Contains(nameof(JournalInUseException), await second.StandardError.ReadToEndAsync(), StringComparison.Ordinal);
        await second.WaitForExitAsync();
        await journal.Append(Samples.Entry("s"));
    }

    [Fact]
    public async Task TheSwitchOfDotNet_InTheFirstProcess_LetsNoSecondWriterIn()
    {
        using var first = Start();
        try
        {
            Assert.Equal("open", await first.StandardOutput.ReadLineAsync());
            Assert.Throws<JournalInUseException>(() => LiteDbJournal.Open(Place));
            Assert.Throws<JournalInUseException>(() => LiteDbJournal.Open(Place, Samples.ReadOnly));
        }
        finally
        {
            first.Kill();
            await first.WaitForExitAsync();
        }
    }

    [Theory]
    [InlineData("j-mark.db")]
    [InlineData("j.db")]
    [InlineData("j-log.db")]
    [InlineData("j-mark.db j.db")]
    [InlineData("j-mark.db j-log.db")]
    public async Task AfterAFileIsRemoved_NoSecondWriterGetsIn_AndTheFirstAcknowledgesNothing(string names)
    {
        await using var journal = await BegunAsync();
        foreach (var name in names.Split(' ')) File.Delete(Path.Combine(Path.GetDirectoryName(Place)!, name));
        Assert.Throws<JournalInUseException>(() => LiteDbJournal.Open(Place));
        await AssertStoppedAsync(journal);
    }

    [Fact]
    public async Task AfterAllFilesAreRemoved_TheFirstAcknowledgesNothing_AndAnotherBeginsAnew()
    {
        await using var journal = await BegunAsync();
        Directory.Delete(Path.GetDirectoryName(Place)!, recursive: true);
        await AssertStoppedAsync(journal);
        await using var second = LiteDbJournal.Open(Place);
        Assert.Equal(0, second.Head.Position);
        await AssertStoppedAsync(journal);
    }

    [Fact]
    public async Task AfterAnotherDirectoryIsPutInItsPlace_TheFirstWriterStops_AndOneOfTheOtherGetsIn()
    {
        await using var journal = await BegunAsync();
        Directory.Move(Path.GetDirectoryName(Place)!, temporary.File("moved"));
        await using var second = LiteDbJournal.Open(Place);
        await AssertStoppedAsync(journal);
        Assert.Throws<JournalInUseException>(() => LiteDbJournal.Open(Path.Combine(temporary.File("moved"), "j.db")));
        await second.Append(Samples.Entry("s"));
    }

    [Theory]
    [InlineData(5, "EIO")]
    [InlineData(24, "EMFILE")]
    [InlineData(30, "EROFS")]
    public async Task AnErrorOfTheSystem_HasItsName_AndIsNotAnotherWriter(int error, string name)
    {
        await (await BegunAsync()).DisposeAsync();
        foreach (var role in (FileRole[])[FileRole.Mark, FileRole.Data, FileRole.Log])
        {
            var files = new LocalDatabaseFiles(Place) { Failing = asked => asked == role ? error : 0 };
            foreach (var options in (JournalOptions[])[new(), Samples.ReadOnly])
                Assert.Contains(
                    name, Assert.Throws<JournalOpenException>(() => LiteDbJournal.Open(files, options)).Message, StringComparison.Ordinal);
        }

        await using var journal = LiteDbJournal.Open(Place);
        Assert.Equal(1, journal.Head.Position);
    }

    [Fact]
    public async Task WhatAKilledCompactionLeft_GoesWithTheNextOpening()
    {
        await (await BegunAsync()).DisposeAsync();
        var left = Path.Combine(Path.GetDirectoryName(Place)!, "j-new.db");
        File.Copy(Place, left);
        await LiteDbJournal.Open(Place, Samples.ReadOnly).DisposeAsync();
        Assert.True(File.Exists(left));
        await using var journal = LiteDbJournal.Open(Place);
        Assert.False(File.Exists(left));
        Assert.Equal(1, journal.Head.Position);
    }

    [Fact]
    public async Task ADataFileThatWasRemoved_IsMissed_InASentence()
    {
        await (await BegunAsync()).DisposeAsync();
        File.Delete(Place);
        var error = Assert.Throws<JournalCorruptedException>(() => LiteDbJournal.Open(Place));
        Assert.Contains("the journal is gone, for its data file is not there", error.Message, StringComparison.Ordinal);
    }

    private static async Task AssertStoppedAsync(LiteDbJournal journal)
    {
        foreach (var key in (string[])["k", "l"])
        {
            var request = new AppendRequest(Samples.Entry("s")) { IdempotencyKey = key };
            var error = await Assert.ThrowsAnyAsync<JournalException>(() => journal.AppendAsync(request).AsTask());
            Assert.IsType<PlaceLostException>(error.InnerException);
        }

        var refused = await Assert.ThrowsAnyAsync<JournalException>(() => journal.DeleteToAsync(StreamId.Create("s"), 1).AsTask());
        Assert.IsType<PlaceLostException>(refused.InnerException);
    }

    private Process Start()
    {
        var start = new ProcessStartInfo("dotnet", [Program.Assembly, WritingProcess.Verb, Place, "1"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_SYSTEM_IO_DISABLEFILELOCKING"] = "1";
        return Process.Start(start)!;
    }

    private async Task<LiteDbJournal> BegunAsync()
    {
        var journal = LiteDbJournal.Open(Place);
        await journal.AppendAsync(new AppendRequest(Samples.Entry("s")) { IdempotencyKey = "k" });
        return journal;
    }
}
