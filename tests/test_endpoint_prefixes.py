"""Which part of a prompt counts as seen before."""

import threading

from course import tokens
from course.endpoint.simulation.prefixes import PromptCache, prompt_ids


def test_a_prompts_numbers_are_as_many_as_its_tokens():
    messages = [
        {"role": "system", "content": "You are a helpful assistant."},
        {"role": "user", "content": [{"type": "text", "text": "Hello!"}], "name": "Ada"},
    ]
    assert len(prompt_ids(messages, (), "gpt-4o-mini")) == tokens.count_messages(messages)


def test_a_picture_takes_the_room_of_its_tokens():
    picture = {"type": "image_url", "image_url": {"url": "data:,", "detail": "low"}}
    messages = [{"role": "user", "content": [picture]}]
    # 2,833 for a picture at low detail on gpt-4o-mini, and 7 around it
    assert len(prompt_ids(messages, (), "gpt-4o-mini")) == 2840


def test_a_longer_prompt_finds_the_shorter_one_it_starts_with():
    cache = PromptCache()
    assert cache.look_up("me", [1] * 1300) == 0
    assert cache.look_up("me", [1] * 5000) == 1280
    assert cache.look_up("me", [1] * 5000) == 4992
    assert cache.look_up("me", [1] * 1100 + [2] * 900) == 1024


def test_what_is_remembered_is_bounded_and_the_oldest_goes_first():
    cache = PromptCache(bound=10)
    cache.look_up("me", [1] * 1024)
    for other in range(2, 12):
        cache.look_up("me", [other] * 1024)
    assert cache.look_up("me", [11] * 1024) == 1024
    assert cache.look_up("me", [1] * 1024) == 0


def test_the_start_of_a_huge_prompt_outlives_its_end():
    cache = PromptCache(bound=10)
    cache.look_up("me", [1] * (1024 + 128 * 50))
    assert cache.look_up("me", [1] * 1100) == 1024


def test_threads_may_look_up_at_once():
    cache = PromptCache(bound=50)

    def look_up(owner):
        for start in range(50):
            cache.look_up(owner, [start] * 2000)

    threads = [threading.Thread(target=look_up, args=(str(n),)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cache.look_up("9", [1] * 2000) == 0
