// What an operation was given, used after its function has ended: refused, and nothing is done.
// Run by `dotnet test`.
using Orders;
using Xunit;

namespace Refold.Tests.Operations;

public class OperationEndedTests
{
    private static readonly CancellationToken ct = CancellationToken.None;

    [Fact]
    public async Task WhatItWasGiven_IsRefusedOnceItHasEnded()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        OperationContext? kept = null;
        SeededRng? random = null;
        await run.RunAsync(
            TextOperation.Of((fx, input) =>
            {
                (kept, random) = (fx.Branch("a"), fx.Random);
                return Task.FromResult(input);
            }),
            "k", "in", ct);
        var ended = await Assert.ThrowsAsync<InvalidOperationException>(
            () => TextOperation.Call(kept!, "echo", () => Task.FromResult("x")));
        Assert.Contains("'k' has ended", ended.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => kept!.Clock.GetUtcNow());
        Assert.Throws<InvalidOperationException>(() => kept!.NewGuid());
        Assert.ThrowsAny<InvalidOperationException>(() => random!.NextUInt32());
    }

    [Fact]
    public async Task CommandsDelaysAndRequests_AreRefusedOnceItHasEnded_AndNothingIsDone()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        OperationContext? kept = null;
        using var server = new Counting();
        HttpClient? client = null;
        await run.RunAsync(
            TextOperation.Of((fx, input) =>
            {
                (kept, client) = (fx, new HttpClient(fx.HttpHandler(server)));
                return Task.FromResult(input);
            }),
            "k", "in", ct);
        var head = journal.Head;
        using var shared = new HttpClient(new OperationHttpHandler { InnerHandler = server }, disposeHandler: false);
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://shop.test/");
        request.Options.Set(OperationContext.HttpOption, kept!);
        Func<Task>[] late =
        [
            () => kept!.ExecuteAsync(Order.Aggregate, "order/1", new Draw()), () => kept!.DelayAsync(TimeSpan.Zero),
            () => client!.GetAsync(new Uri("http://shop.test/")), () => shared.SendAsync(request),
            () => Task.FromResult(kept!.Branch("b")),
        ];
        foreach (var use in late)
        {
            var error = await Assert.ThrowsAsync<InvalidOperationException>(use);
            Assert.Contains("'k' has ended", error.Message, StringComparison.Ordinal);
        }

        client!.Dispose();
        Assert.Equal((head, 0), (journal.Head, server.Requests));
    }

    private sealed class Counting : HttpMessageHandler
    {
        public int Requests { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Requests++;
            return Task.FromResult(new HttpResponseMessage());
        }
    }
}
