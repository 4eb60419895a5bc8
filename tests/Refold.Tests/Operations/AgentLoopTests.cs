// The agent loop of the samples, from outside: killed while its model thinks, gone on with, replayed without the model.
// Run by `dotnet test`.
using System.Diagnostics;
using AgentLoop;
using Xunit;

namespace Refold.Tests.Operations;

public class AgentLoopTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task KilledWhileTheModelThinks_ItGoesOnWhereItWas_AndIsReplayedWithoutTheModel()
    {
        using var directory = new TemporaryDirectory();
        directory.Write("pot.txt", "A pot has four cups.");
        string[] ask = ["--journal", directory.Journal(), "--facts", directory.Root, "--id", "q-1", "--ask", "How many cups are in a pot?"];
        using (var model = new FakeModel(new Said("pot", "look_up"), new Said("four", "note"), new Said("Four cups.", null)) { Holds = 3 })
        {
            string[] arguments = [.. ask, "--model", model.Address.ToString(), "--key", "s3cr3t-key-0451"];
            using (var killed = Start(arguments))
            {
                await model.HeldOne.WaitAsync(Patience);
                killed.Kill();
                await killed.WaitForExitAsync().WaitAsync(Patience);
            }

            model.Holds = 0;
            Assert.Equal((0, "Four cups. (3 turns)\n", ""), await RunAsync(arguments));
            // What was answered before the kill is not asked for again.
            Assert.Equal([1, 2, 3, 3], model.Asked);
        }

        var (exitCode, output, _) = await RunAsync("replay", "--journal", directory.Journal());
        Assert.True(exitCode == 0, output);
        Assert.StartsWith("run 'agent-1.0.0' matches: ", output, StringComparison.Ordinal);
        Assert.Contains("attempt 1 was cut off", output, StringComparison.Ordinal);
        var files = Directory.GetFiles(directory.Root, "*", SearchOption.AllDirectories);
        Assert.All(files, file => Assert.Equal(-1, File.ReadAllBytes(file).AsSpan().IndexOf("s3cr3t-key-0451"u8)));
        await ChangedAsync(directory.Journal());
        Tool(directory.Journal());
    }

    // As facade/samples/README.md says it.
    [Fact]
    public async Task WithItsStub_ItAnswers_AndAgainWithoutAModel()
    {
        using var directory = new TemporaryDirectory();
        directory.Write("pot.txt", "A pot has four cups.");
        var free = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        free.Start();
        string model = $"http://localhost:{((System.Net.IPEndPoint)free.LocalEndpoint).Port}/";
        free.Stop();
        string[] arguments =
        [
            "--journal", directory.Journal(), "--facts", directory.Root, "--id", "q-1", "--ask", "How many cups are in a pot?", "--model",
            model
        ];
        using (var stub = Start("stub", "--model", model))
        {
            try
            {
                Assert.Equal($"a model answers at {model}", await stub.StandardOutput.ReadLineAsync().WaitAsync(Patience));
                Assert.Equal((0, "As I noted: A pot has four cups. (3 turns)\n", ""), await RunAsync(arguments));
            }
            finally
            {
                stub.Kill();
                await stub.WaitForExitAsync().WaitAsync(Patience);
            }
        }

        Assert.Equal((0, "As I noted: A pot has four cups. (3 turns)\n", ""), await RunAsync(arguments));
        Assert.Equal(0, (await RunAsync("replay", "--journal", directory.Journal())).ExitCode);
        var (exitCode, _, errors) = await RunAsync("--journal", directory.Journal());
        Assert.Equal((2, "--model is needed; see the first lines of Program.cs.\n"), (exitCode, errors));
    }

    private static async Task ChangedAsync(string uri)
    {
        await using var journal = Journal.Open(uri, new JournalOptions { ReadOnly = true });
        var run = Assert.Single(await journal.RunsAsync());
        Assert.Equal(("small-1", "loopback"), (run.Pin!.Model, run.Pin.Provider));
        using var nowhere = Model.Nowhere();
        var changed = Agent.Operation(run.Pin.Model, nowhere, (_, _) => Task.FromResult(""), "Answer in one word.");
        var report = await journal.ReplayAsync(run.Id, [changed], [Notebook.Aggregate]);
        Assert.Equal(
            (DivergenceCause.UnrecordedInput, "/data/input/data/Body"), (report.Divergence!.Cause, report.Divergence.Path));
        // The body is recorded in base64; what differs is said as it is.
        Assert.StartsWith("\"Answer the question.", report.Divergence.Expected, StringComparison.Ordinal);
        Assert.StartsWith(
            "\"Answer in one word.\", at /Messages/0/Text in it (operation", report.Divergence.Actual, StringComparison.Ordinal);
        Assert.Contains("operation 'answer', key 'q-1', attempt 1, call 'http' 1", report.Divergence.Actual, StringComparison.Ordinal);
        Assert.Equal("$call", journal.ReadAll(report.Divergence.Position, 1).Single().Type);
    }

    // The tool counted effects as commands decided anew, and had no word for the operation.
    private static void Tool(string uri)
    {
        string library = Path.Combine(AppContext.BaseDirectory, "AgentLoop.dll");
        var replayed = RefoldTool.Run("replay", "--with", library, "--journal", uri).Expect(0).Output;
        Assert.Contains("1 command decided anew", replayed, StringComparison.Ordinal);
        Assert.DoesNotContain("were not replayed", replayed, StringComparison.Ordinal);
        Assert.Contains("attempt 1 was cut off", replayed, StringComparison.Ordinal);
    }

    private static Process Start(params string[] arguments) => Process.Start(
        new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "AgentLoop.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;

    private static async Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        using var process = Start(arguments);
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync().WaitAsync(Patience);
        await process.WaitForExitAsync().WaitAsync(Patience);
        return (process.ExitCode, output, await errors);
    }
}
